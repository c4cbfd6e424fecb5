"""`medgrpo train sft`: supervised fine-tuning of a video-language model from one recipe; killed, the same command goes on."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers
from medgrpo.cli.training import Progress, add_run_options, run_training

if TYPE_CHECKING:
    from collections.abc import Callable

    from medgrpo.policy import Team


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "sft",
        help="fine-tune a video-language model on answers",
        description="Supervised fine-tuning of a Qwen2.5-VL, Qwen3-VL or Qwen3.5 on questions with answers in MedVidBench's form, "
        "samples packed into one sequence (docs/method.md). RECIPE is a TOML file with every setting; recipes/ in the repository "
        "holds commented ones. A run that was stopped or killed goes on, to the same numbers. Needs the extra `models`.",
    )
    add_run_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    return run_training(args, "sft", _train)


def _train(args: argparse.Namespace, team: Team, progress: Progress, stop: Callable[[], bool]) -> int:
    from medgrpo.policy import read_sft_recipe, train_sft

    done = train_sft(read_sft_recipe(args.recipe), args.out, progress, stop, team)
    if not team.first:
        return 0
    for reason, count in done.left_out.items():
        sys.stderr.write(f"medgrpo: {count} questions left out: {reason}\n")
    if done.skipped:
        sys.stderr.write(f"medgrpo: {done.skipped} samples skipped, each named in {args.out / 'skipped.jsonl'}\n")
    sys.stdout.write(f"{done.model}\n")
    return 0
