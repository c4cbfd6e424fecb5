"""`medgrpo cases user add`: somebody who may use the console."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, asked_password, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "add",
        help="add a user",
        description="Add a user. The password (at least 12 characters) is asked for; where stdin is no terminal its first line is "
        "taken. Kept is an Argon2id hash.",
    )
    parser.add_argument("name", metavar="NAME", help="what the user logs in with: a-z, 0-9, dot, dash, underscore")
    parser.add_argument("--full-name", metavar="TEXT", required=True, help="what stands under reports")
    parser.add_argument(
        "--role",
        choices=("viewer", "clinician", "administrator"),
        default="viewer",
        help="a viewer reads; a clinician also corrects, edits and signs; an administrator keeps the users (default: viewer)",
    )
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cases import Role

    with opened(args) as store:
        user = store.users.add(args.name, args.full_name, Role(args.role), asked_password())
    sys.stdout.write(f"{user.name} ({user.full_name}) is a {user.role.value}\n")
    return 0
