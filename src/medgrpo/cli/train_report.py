"""`medgrpo train report`: a training run drawn on one page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "report",
        help="draw a run of `train sft` or `train grpo` on one page",
        description="Loss or rewards, advantages, lengths and every other figure over the steps, a line per source and task, and "
        "sample answers over time, in one HTML file that loads nothing. A run that is under way can be drawn too.",
    )
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="folder of the run")
    parser.add_argument("--out", metavar="FILE", type=Path, help="page to write (default: report.html in RUN)")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.cli.output import write_text
    from medgrpo.core import needing

    with needing("medgrpo train report", "models", "torch", "transformers"):
        from medgrpo.policy import run_page
    target = args.out or args.run_folder / "report.html"
    write_text(target, run_page(args.run_folder))
    sys.stdout.write(f"{target}\n")
    return 0
