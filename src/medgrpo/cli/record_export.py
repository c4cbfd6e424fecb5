"""`medgrpo record export`: a verified record as one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "export",
        help="write a record as one JSONL or CSV file",
        description="Verify a record and write it as one file: .jsonl (entries as they are, signed heads among them) or .csv "
        "(counter, wall time, kind, content as JSON). A record that does not verify is not exported (exit code 4).",
    )
    parser.add_argument("record", metavar="DIR", type=Path, help="folder of the record, or of the case that holds it")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="file to write: .jsonl or .csv")
    return parser


def run(args: argparse.Namespace) -> int:
    import csv
    import io
    import json
    from dataclasses import asdict

    from medgrpo.audit import Entry, read_entries, record_in, verify
    from medgrpo.cli.output import write_text
    from medgrpo.core import InputError, RecordError

    if args.out.suffix not in (".jsonl", ".csv"):
        raise InputError(f"{args.out}: the name must end in .jsonl or .csv")
    record: Path = record_in(args.record)
    found = verify(record, files_too=False)
    if not found.genuine:
        raise RecordError(f"{record}: is not as it was written ({found.faults[0]}): medgrpo record verify names each fault")
    entries = [entry for _, _, entry, _ in read_entries(record) if isinstance(entry, Entry)]
    if args.out.suffix == ".jsonl":
        text = "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)
    else:
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["counter", "wall", "kind", "body"])
        writer.writerows([entry.counter, entry.wall, entry.kind, json.dumps(entry.body, ensure_ascii=False)] for entry in entries)
        text = table.getvalue()
    write_text(args.out, text)
    return 0
