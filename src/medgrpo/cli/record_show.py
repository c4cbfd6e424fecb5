"""`medgrpo record show`: what a record says, a line an entry."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "show",
        help="print the entries of a record",
        description="Print the entries of a record, a line each: counter, time, kind, content. Nothing is verified here.",
    )
    parser.add_argument("record", metavar="DIR", type=Path, help="folder of the record, or of the case that holds it")
    parser.add_argument("--kind", metavar="KIND", action="append", help="only entries of this kind; may be given several times")
    parser.add_argument("--head", action="store_true", help="only the latest signed head, as JSON: keep it elsewhere")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import sys

    from medgrpo.audit import Entry, read_entries, read_head, record_in
    from medgrpo.core import RecordError

    record: Path = record_in(args.record)
    try:
        if args.head:
            sys.stdout.write(json.dumps(read_head(record).written()) + "\n")
            return 0
        for name, line, entry, _ in read_entries(record):
            if not isinstance(entry, Entry):
                sys.stdout.write(f"{name}:{line}: cannot be read: {entry}\n")
            elif not args.kind or entry.kind in args.kind:
                content = json.dumps(entry.body, ensure_ascii=False, sort_keys=True)
                sys.stdout.write(f"{entry.counter}\t{entry.wall}\t{entry.kind}\t{content}\n")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RecordError(f"{args.record}: holds no record") from error
    except ValueError as error:
        raise RecordError(f"{record}: its head cannot be read: {error}") from error
    return 0
