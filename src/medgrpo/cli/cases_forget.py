"""`medgrpo cases forget`: a case out of the store."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "forget",
        help="take a case out of the store; its folder stays",
        description="Take a case out of the store with everything that the store holds of it: statements, corrections, reports, "
        "signatures. Its folder stays where it is and holds all of that; who deletes it too has deleted the case.",
    )
    parser.add_argument("case", metavar="ID", help="the case's id, or its beginning")
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    with opened(args) as store:
        case = store.forget(args.case)
    sys.stdout.write(f"{case.id} ({case.name}) is forgotten; its folder is {case.folder}\n")
    return 0
