"""`medgrpo cases user change`: a user's role, password, or whether it may log in."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, asked_password, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "change",
        help="change a user's role or password, disable or enable it",
        description="Change a user. Users are never removed, because their names stand under what they wrote: disable them.",
    )
    parser.add_argument("name", metavar="NAME", help="the user's name")
    parser.add_argument("--role", choices=("viewer", "clinician", "administrator"), help="another role")
    parser.add_argument("--password", action="store_true", help="another password, asked for as in `add`")
    state = parser.add_mutually_exclusive_group()
    state.add_argument("--disable", action="store_true", help="may not log in any more")
    state.add_argument("--enable", action="store_true", help="may log in again")
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cases import Role
    from medgrpo.core import InputError

    if not (args.role or args.password or args.disable or args.enable):
        raise InputError("nothing to change: give --role, --password, --disable or --enable")
    with opened(args) as store:
        user = store.users.change(
            args.name,
            role=None if args.role is None else Role(args.role),
            disabled=True if args.disable else False if args.enable else None,
            password=asked_password() if args.password else None,
        )
    sys.stdout.write(f"{user.name} ({user.full_name}): {user.role.value}, {'disabled' if user.disabled else 'active'}\n")
    return 0
