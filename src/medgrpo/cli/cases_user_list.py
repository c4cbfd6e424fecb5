"""`medgrpo cases user list`: who may use the console."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "list", help="list the users", description="List the users: name, full name, role, disabled or not, since when (UTC)."
    )
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    with opened(args) as store:
        for user in store.users.all():
            state = "disabled" if user.disabled else "active"
            sys.stdout.write(f"{user.name}\t{user.full_name}\t{user.role.value}\t{state}\t{user.created[:16].replace('T', ' ')}\n")
    return 0
