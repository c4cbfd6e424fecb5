"""`medgrpo train sft`: supervised fine-tuning of a video-language model from one recipe; killed, the same command goes on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "sft",
        help="fine-tune a video-language model on answers",
        description="Supervised fine-tuning of a Qwen2.5-VL or Qwen3-VL on questions with answers in MedVidBench's form, samples "
        "packed into one sequence (docs/method.md). RECIPE is a TOML file with every setting; recipes/ in the repository holds "
        "commented ones. A run that was stopped or killed goes on, to the same numbers. Needs the extra `models`.",
    )
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="the recipe (TOML)")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the run: metrics, checkpoint, model")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.core import MissingExtra

    try:
        from medgrpo.policy import read_sft_recipe, train_sft
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "transformers"):
            raise
        raise MissingExtra("medgrpo train sft", "models", error.name) from error
    from medgrpo.analysis import stop_on_signals
    from medgrpo.cli.progress import titled_progress

    recipe = read_sft_recipe(args.recipe)
    with titled_progress() as progress, stop_on_signals() as stop:
        done = train_sft(recipe, args.out, progress, stop)
    for reason, count in done.left_out.items():
        sys.stderr.write(f"medgrpo: {count} questions left out: {reason}\n")
    if done.skipped:
        sys.stderr.write(f"medgrpo: {done.skipped} samples skipped, each named in {args.out / 'skipped.jsonl'}\n")
    sys.stdout.write(f"{done.model}\n")
    return 0
