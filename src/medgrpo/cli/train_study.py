"""`medgrpo train study`: every normaliser with every scale of advantages, some seeds each; stopped or killed, it goes on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "study",
        help="compare reward normalisers and advantage scales by one GRPO run each",
        description="Run RECIPE, a recipe of `train grpo` with held-out questions, with every normaliser and every scale of "
        "advantages, and measure what becomes of each source and task (docs/experiments/normalisation.md). Finished runs are not "
        "made again. Writes study.json and drawings. Needs the extra `models`.",
    )
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="the recipe that all runs share (TOML)")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the runs and their figures")
    parser.add_argument("--seeds", metavar="N", type=whole, default=3, help="seeds per cell (default: 3)")
    parser.add_argument("--report", action="store_true", help="run nothing: figures of what is finished")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.core import needing

    with needing("medgrpo train study", "models", "torch", "transformers"):
        from medgrpo.experiments import planned, run_study, write_study
        from medgrpo.policy import read_grpo_recipe
    from medgrpo.analysis import stop_on_signals
    from medgrpo.cli.progress import titled_progress

    recipe = read_grpo_recipe(args.recipe)
    runs = planned(args.seeds)
    if not args.report:
        with titled_progress() as progress, stop_on_signals() as stop:
            run_study(recipe, args.out, args.seeds, progress, stop, lambda words: _tell(words))
    sys.stdout.write(write_study(recipe, args.out, runs))
    return 0


def _tell(words: str) -> None:
    sys.stderr.write(f"medgrpo: {words}\n")
