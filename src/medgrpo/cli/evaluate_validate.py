"""`medgrpo evaluate validate`: does each gold answer, written, read back and scored, give the best score?"""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "validate",
        help="check that gold answers can be written, read back and scored",
        description="For each record: write its gold answer, read it back, score it, and expect the best score. Tells how many "
        "tokens the longest reference of each task needs (estimated). Exit code 1 when any fails.",
    )
    parser.add_argument("records", metavar="RECORDS", type=Path, help="records with references (JSONL or JSON)")
    parser.add_argument("--show", metavar="N", type=int, default=3, help="failures to print per task (default: 3)")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.cli.tables import table_console
    from medgrpo.scoring import read_records, validate_records

    console = table_console()
    checked = validate_records(read_records(args.records))
    for result in checked:
        console.print(
            f"{result.task}: {result.references - len(result.failures)} of {result.references} pass; the longest reference needs "
            f"about {result.longest_tokens} tokens, {result.over_budget} need more than the task's budget",
            markup=False,
        )
        for place, reason in result.failures[: max(0, args.show)]:
            console.print(f"  {place}: {reason}", markup=False)
    return 0 if all(result.passed for result in checked) else 1
