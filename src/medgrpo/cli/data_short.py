"""`medgrpo data short`: simulated worlds as three small data sets of unlike difficulty, for studies with small models."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "short",
        help="short questions of unlike difficulty from simulated worlds, for studies with small models",
        description="Cut the questions of simulated worlds down to one event in a window of seconds, and one instrument at one "
        "moment, under the names SimOpen, SimBench and SimDissection (docs/experiments/normalisation.md). CASES holds the folders "
        "open-surgery, bench-suturing and submucosal-dissection with cases of `medgrpo simulate --frames`.",
    )
    parser.add_argument("cases", metavar="CASES", type=Path, help="folder of the worlds' folders; frames are named from it")
    parser.add_argument("--each", metavar="N", type=whole, default=300, help="most questions per source and task (default: 300)")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="questions to write (.json, .jsonl)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cli.output import writing
    from medgrpo.core import InputError
    from medgrpo.experiments import short_questions
    from medgrpo.sources import SUFFIXES, write_medvidbench

    if args.out.suffix not in SUFFIXES:
        raise InputError(f"{args.out}: the name must end in one of {', '.join(SUFFIXES)}")
    records = short_questions(args.cases, args.each)
    with writing(args.out):
        write_medvidbench(args.out, records)
    for name, count in sorted(Counter(f"{record.source} {record.qa_type}" for record in records).items()):
        sys.stdout.write(f"{name}: {count} questions\n")
    return 0
