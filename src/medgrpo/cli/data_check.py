"""`medgrpo data check`: what is wrong with a data set's annotation, and what is made of it?"""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "check",
        help="name every problem of a data set's annotation",
        description="Read the annotation of a data set in its raw layout (or a MedVidBench file), make its questions, check "
        "gold answers, and print each problem with file and place. No problem is fatal, not even a file that cannot be read, "
        "unless --strict asks for it.",
    )
    parser.add_argument("source", metavar="SOURCE", help="name of the data set, or MedVidBench; docs/sources.md lists them")
    parser.add_argument("path", metavar="PATH", type=Path, help="folder of the raw annotation, or the MedVidBench file")
    parser.add_argument("--strict", action="store_true", help="exit code 2 when there is any problem")
    return parser


def run(args: argparse.Namespace) -> int:
    from collections import Counter

    from rich.console import Console

    from medgrpo.core import InputError
    from medgrpo.sources import MEDVIDBENCH, SOURCES, Problem, check_source

    names = (*SOURCES, MEDVIDBENCH)
    if args.source not in names:
        raise InputError(f"{args.source}: no such source; there are {', '.join(names)}")
    if not args.path.exists():
        raise InputError(f"{args.path}: there is no such file or folder")
    console = Console(highlight=False, soft_wrap=True)
    questions: Counter[str] = Counter()
    problems = 0
    for found in check_source(args.source, args.path):
        if isinstance(found, Problem):
            problems += 1
            console.print(str(found), markup=False)
        else:
            questions[found.qa_type] += 1
    made = ", ".join(f"{count} {kind}" for kind, count in sorted(questions.items())) or "no question"
    console.print(f"{args.source}: {made}; problems: {problems}", markup=False)
    return 2 if args.strict and problems else 0
