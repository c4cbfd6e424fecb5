"""`medgrpo data review-stats`: do the people who reviewed captions agree, and with which model?"""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "review-stats",
        help="agreement of the people who reviewed captions",
        description="Read the answers that people exported from a build's review.html, one file per person: percent agreement, "
        "Cohen's kappa for two (weighted for ratings), Krippendorff's alpha for any number.",
    )
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+", help="exported answers, one file per person")
    parser.add_argument("--json", metavar="OUT", type=Path, help="also write the statistics as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console
    from medgrpo.curation import read_review, review_statistics

    found = review_statistics([(path, read_review(path)) for path in args.files])
    console = table_console()
    table = Table(title=f"{len(found.raters)} people, {found.items} items")
    for heading in ("asked", "items", "percent", "kappa", "alpha", "mean", "answers"):
        table.add_column(heading, justify="left" if heading in ("asked", "answers") else "right")
    for one in found.agreed:
        cells = (one.percent, one.kappa, one.alpha, one.mean)
        counts = ", ".join(f"{name}: {number}" for name, number in one.counts.items())
        table.add_row(one.aspect, str(one.items), *("-" if cell is None else f"{cell:.3f}" for cell in cells), counts)
    console.print(table)
    if args.json:
        write_text(args.json, found.model_dump_json(indent=1) + "\n")
    return 0
