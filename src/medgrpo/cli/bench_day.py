"""`medgrpo bench day`: memory and descriptors over a case of many hours, time compressed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive

if TYPE_CHECKING:
    from medgrpo.bench import HourFigures


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "day",
        help="memory and open descriptors over a case of many hours, time compressed",
        description="Watch simulated operations one after the other as one case, as fast as they are looked at, and write a row "
        "for every hour of it (of a shorter run: twelve rows). `decisions` draws no picture (a noise model says what would be "
        "seen) and runs everything behind perception; `pictures` draws them, runs the shipped models, and keeps clips.",
    )
    parser.add_argument("--path", choices=("decisions", "pictures"), default="decisions", help="(default: decisions)")
    parser.add_argument("--hours", metavar="H", type=positive, default=24.0, help="of the case (default: 24)")
    parser.add_argument("--looks-per-second", metavar="N", type=positive, default=2.0, help="of the case's time (default: 2)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.bench import run_day
    from medgrpo.cli.output import write_text

    sys.stdout.write("hour\tlooks\tsaid\tmemory MB\tdescriptors\tkept\trecord MB\twall s\n")
    found = run_day(args.path, args.hours, args.looks_per_second, _print)
    sys.stdout.write(f"growth after the first sixth: {found.growth_mb:+.1f} MB, {found.descriptors_growth:+d} descriptors\n")
    if args.json is not None:
        write_text(args.json, found.model_dump_json(indent=1) + "\n")
    return 0


def _print(row: HourFigures) -> None:
    import sys

    told = f"{row.hour:.3g}\t{row.looks}\t{row.said}\t{row.memory_mb:.1f}\t{row.descriptors}\t{row.kept}\t{row.record_mb:.1f}"
    sys.stdout.write(f"{told}\t{row.wall_seconds:.0f}\n")
    sys.stdout.flush()
