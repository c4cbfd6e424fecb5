"""`medgrpo train tower`: the nano model's vision tower, on the truth of drawn pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "tower",
        help="the nano model's vision tower, on simulated cases",
        description="Train the vision tower and projector of MODEL on the truth of the simulated cases below CASES: what is under "
        "way, where the instruments are, the grades. The language model stays as it is. What follows is `train sft`. Killed, the "
        "same command goes on.",
    )
    parser.add_argument("cases", metavar="CASES", type=Path, help="folder of `medgrpo simulate --frames`")
    parser.add_argument("--held-out", metavar="DIR", type=Path, required=True, help="other cases, for the figures at the end")
    parser.add_argument("--model", metavar="DIR", required=True, help="checkpoint to start from: `medgrpo train start`")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the run; the checkpoint is model/ in it")
    parser.add_argument("--steps", metavar="N", type=whole, default=2000, help="of 24 pairs of pictures (default: 2000)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the pairs (default: 0)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.core import MissingExtra

    try:
        from medgrpo.policy import train_tower
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "transformers"):
            raise
        raise MissingExtra("medgrpo train tower", "models", error.name) from error
    from medgrpo.analysis import stop_on_signals
    from medgrpo.cli.progress import titled_progress

    with titled_progress() as progress, stop_on_signals() as stop:
        figures = train_tower(args.cases, args.held_out, args.model, args.out, args.steps, args.seed, progress, stop)
    sys.stdout.write(
        f"held out: label right {figures.label:.3f}, boxes found {figures.found:.3f}, overlap {figures.overlap:.3f}\n"
        f"{args.out / 'model'}\n"
    )
    return 0
