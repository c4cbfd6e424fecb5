"""`medgrpo data convert`: a data set's annotation as questions in MedVidBench's form."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, whole

if TYPE_CHECKING:
    from medgrpo.sources import BenchmarkRecord


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "convert",
        help="write a data set's questions in MedVidBench's form",
        description="Read the annotation of a data set in its raw layout and write its questions and gold answers as MedVidBench "
        "JSON, JSONL or Parquet (needs the extra `data`). No frame is read; it is named where the data set's layout names it.",
    )
    parser.add_argument("source", metavar="SOURCE", help="name of the data set; docs/sources.md lists them")
    parser.add_argument("path", metavar="DIR", type=Path, help="folder of the raw annotation")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="file to write: .json, .jsonl or .parquet")
    parser.add_argument("--most-per-task", metavar="N", type=whole, help="an even choice of each task's questions (default: all)")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from medgrpo.cli.output import writing
    from medgrpo.core import InputError
    from medgrpo.sources import SOURCES, SUFFIXES, Problem, write_medvidbench

    if args.source not in SOURCES:
        raise InputError(f"{args.source}: no such source; there are {', '.join(SOURCES)}")
    if args.out.suffix not in SUFFIXES:
        raise InputError(f"{args.out}: the name must end in one of {', '.join(SUFFIXES)}")
    problems: list[Problem] = []

    def records() -> Iterator[BenchmarkRecord]:
        for found in SOURCES[args.source].records(args.path):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                yield found

    with writing(args.out):
        count = write_medvidbench(
            args.out, records() if args.most_per_task is None else spread(list(records()), args.most_per_task)
        )
    told = f"{args.out}: {count} questions"
    if problems:
        told += f"; problems: {len(problems)} (medgrpo data check {args.source} {args.path} names each)"
    Console(highlight=False, soft_wrap=True).print(told, markup=False)
    return 0


def spread(records: Sequence[BenchmarkRecord], most_per_task: int) -> Iterator[BenchmarkRecord]:
    """In their order and numbered anew, of each type at most so many, evenly spaced."""
    places: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        places.setdefault(record.qa_type, []).append(place)
    kept: set[int] = set()
    for own in places.values():
        count = min(most_per_task, len(own))
        kept |= {own[index * len(own) // count] for index in range(count)}
    return (replace(records[place], index=index) for index, place in enumerate(sorted(kept)))
