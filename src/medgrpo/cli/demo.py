"""`medgrpo demo`: the main job on a simulated operation, in one command."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers
from medgrpo.cli.simulating import add_case_arguments, simulate_with_progress

_FRAME_RATE = 10  # twice the looks per second: what is not looked at need not be drawn


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "demo",
        help="simulate an operation and analyse it: nothing else is needed",
        description="Simulate a laparoscopic cholecystectomy, analyse it as `medgrpo analyze` would, and draft its report. "
        "Replaces an earlier demo in the same folder.",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("demo.medgrpo"), help="folder (default: demo.medgrpo)")
    add_case_arguments(parser, minutes=3.0)
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.analysis import AnalysisOptions, Existing, Outcome, analyze
    from medgrpo.cli.progress import shown_progress
    from medgrpo.cli.summary import print_outcomes
    from medgrpo.perception import load_perceiver

    perceiver = load_perceiver()
    video = simulate_with_progress(
        args.out / "case", minutes=args.minutes, seed=args.seed, deviations=args.deviation, frame_rate=_FRAME_RATE
    )
    with shown_progress() as progress:
        result = analyze(video, args.out, AnalysisOptions(), perceiver, progress, existing=Existing.RESTART)
    print_outcomes((Outcome(video, args.out, result, None),))
    return 0
