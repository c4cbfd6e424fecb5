"""`medgrpo cases user list`: who may use the console."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "list",
        help="list the users",
        description="List the users: name, full name, role, disabled or not, since when (UTC), how many passkeys (not revoked).",
    )
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys
    from collections import Counter

    with opened(args) as store:
        held = Counter(one.user for one in store.passkeys.all() if one.revoked is None)
        for user in store.users.all():
            state = "disabled" if user.disabled else "active"
            since, keys = user.created[:16].replace("T", " "), f"{held[user.name]} passkey{'' if held[user.name] == 1 else 's'}"
            sys.stdout.write(f"{user.name}\t{user.full_name}\t{user.role.value}\t{state}\t{since}\t{keys}\n")
    return 0
