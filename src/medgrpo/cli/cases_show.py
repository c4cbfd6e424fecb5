"""`medgrpo cases show`: one case, what people said of it, and its report."""

from __future__ import annotations

import argparse

from medgrpo.cli.cases_options import add_store, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "show",
        help="show a case, its corrections and the versions of its report",
        description="Show a case: what the store knows of it, corrections, versions of the report with their signatures. With "
        "--report also the text that stands: the newest signed one, else the newest draft, marked DRAFT.",
    )
    parser.add_argument("case", metavar="ID", help="the case's id, or its beginning")
    parser.add_argument("--report", action="store_true", help="print the text of the report too")
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys
    from dataclasses import asdict
    from pathlib import Path

    from medgrpo.cases import draft_text, notice, read_folder, standing_version

    with opened(args) as store:
        case = store.find(args.case)
        versions, corrections = store.versions(case.id), store.corrections(case.id)
    for name, value in asdict(case).items():
        if name not in ("versions", "corrections"):
            sys.stdout.write(f"{name.replace('_', ' ')}: {'-' if value is None else value}\n")
    for one in corrections:
        now = f" -> {one.text}" if one.text not in (None, one.said) else ""
        sys.stdout.write(f"correction {one.number}: {one.finding_id} {one.verdict.value}: {one.said}{now} ")
        sys.stdout.write(f"({one.by_full_name}, {one.at}: {one.reason})\n")
    for version in versions:
        signed = version.signature
        state = "draft" if signed is None else f"SIGNED by {signed.by_full_name} ({signed.by}) at {signed.at}"
        sys.stdout.write(f"version {version.number}: by {version.by_full_name}, {version.at}, SHA-256 {version.sha256}: {state}\n")
    if args.report:
        shown = standing_version(versions)
        text = draft_text(read_folder(Path(case.folder)), case.name, corrections) if shown is None else shown.text
        sys.stdout.write(f"\n{notice(shown, versions)}\n\n{text}")
    return 0
