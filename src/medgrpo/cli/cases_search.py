"""`medgrpo cases search`: cases by what they say."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, opened, print_cases
from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "search",
        help="find cases by the words in them",
        description="Find cases by name, procedure, source, statements, corrections and report texts. A case is found when each "
        "word asked for is the beginning of one of its words; accents and capitals do not matter.",
    )
    parser.add_argument("words", metavar="WORD", nargs="+", help="words, or beginnings of words")
    parser.add_argument("--limit", metavar="N", type=whole, default=50, help="at most so many (default: 50)")
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    with opened(args) as store:
        print_cases(*store.search(" ".join(args.words), limit=args.limit), args.limit)
    return 0
