"""`medgrpo cases export`: a case as one folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.cases_options import add_store, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "export",
        help="write a case as one folder",
        description="Write a case as one folder that needs nothing else: its record or analysis, evidence pictures, what people "
        "corrected, wrote and signed, the report (DRAFT until signed), and the SHA-256 of every file. The video is not part "
        "of it. `medgrpo cases import` takes it into another store.",
    )
    parser.add_argument("case", metavar="ID", help="the case's id, or its beginning")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to write; must not be there yet")
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cases import export_case

    with opened(args) as store:
        done = export_case(store, args.case, args.out)
    sys.stdout.write(f"{done.folder}: {done.files} files, {done.bytes / 1e6:.1f} MB\n")
    for name in done.left_out:
        sys.stdout.write(f"left out, a link: {name}\n")
    return 0
