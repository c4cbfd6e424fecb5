"""`medgrpo record verify`: is a case's record as it was written?"""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "verify",
        help="check every line, link and signature of a record",
        description="Check the record of a case: every line, every link to the line before, every signature, and the "
        "clips and evidence pictures beside it against their hashes. Each fault is printed "
        "with file and line. Exit code 4 when the record is not as it was written.",
    )
    parser.add_argument("record", metavar="DIR", type=Path, help="folder of the record, or of the case that holds it")
    parser.add_argument("--without-files", action="store_true", help="leave out the clips and evidence pictures beside the record")
    parser.add_argument("--key", metavar="HEX", help="public key that must have signed it (medgrpo record show --head prints it)")
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from rich.console import Console

    from medgrpo.audit import PublicKey, record_in, verify
    from medgrpo.core import InputError

    try:
        key = None if args.key is None else PublicKey(args.key)
    except ValueError as error:
        raise InputError(f"--key: {args.key!r} is no public key: give 64 hexadecimal digits") from error
    record: Path = record_in(args.record)
    found = verify(record, key, files_too=not args.without_files)
    console = Console(highlight=False, soft_wrap=True)
    for fault in found.faults:
        console.print(str(fault), markup=False)
    state = "closed" if found.closed else f"open: {found.after_head} entries after the last signed head"
    told = f"{record}: {found.entries} entries, {state}"
    told += f"; a line of {found.torn_bytes} bytes was cut off" if found.torn_bytes else ""
    told += f"; {found.gaps} entries were refused by the disk" if found.gaps else ""
    told += f"; {found.files} files beside it as they were" if found.files else ""
    told += f"; {found.deleted} files were deleted by rule" if found.deleted else ""
    told += f"; not in the record: {', '.join(found.unrecorded)}" if found.unrecorded else ""
    told += f"; key {found.key.fingerprint}" if found.key else ""
    console.print(f"{told}; {'as it was written' if found.genuine else 'NOT as it was written'}", markup=False)
    console.print(json.dumps(found.kinds), markup=False)
    return 0 if found.genuine else 4
