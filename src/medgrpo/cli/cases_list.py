"""`medgrpo cases list`: the cases in the store."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, opened, print_cases
from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "list",
        help="list the cases, the newest first",
        description="List the cases in the store, the newest first: id, opened (UTC), state, report, length, counts, name.",
    )
    parser.add_argument("--state", choices=("open", "finished"), help="only cases in this state")
    parser.add_argument("--limit", metavar="N", type=whole, default=50, help="at most so many (default: 50)")
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.cases import CaseState

    with opened(args) as store:
        state = None if args.state is None else CaseState(args.state)
        print_cases(*store.search(state=state, limit=args.limit), args.limit)
    return 0
