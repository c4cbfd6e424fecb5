"""`medgrpo knowledge check`: what is wrong with a procedure file, in words."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "check",
        help="explain what is wrong with a procedure file",
        description="Check a procedure file whole and explain every fault: where, what, what to do. Exit code 2 when there is one.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a procedure file, or a file of further concepts (TOML)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.knowledge import check_file

    check = check_file(args.file)
    lines = [f"{fault.entry}\n    {fault.reason}\n    -> {fault.remedy}" for fault in check.faults]
    notes = [f"note: {note.entry} {note.reason}" for note in check.notes]
    if check.sound:
        sys.stdout.write("\n".join([f"{args.file}: sound", *(f"  {line}" for line in check.summary), *notes]) + "\n")
        return 0
    count = "one fault" if len(lines) == 1 else f"{len(lines)} faults"
    sys.stdout.write("\n".join([f"{args.file}: {count}", *lines, *notes]) + "\n")
    return 2
