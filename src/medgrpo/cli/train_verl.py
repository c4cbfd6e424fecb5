"""`medgrpo train verl`: the command that runs a recipe of `train grpo` over many nodes inside verl."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "verl",
        help="the command that trains a recipe over many nodes with verl",
        description="Print the command line of verl (on Ray) that does what `medgrpo train grpo RECIPE` does on one machine, with "
        "our questions, rewards, calibration, advantages and positions in verl's plug-in places; what verl cannot do as the recipe "
        "says is refused by name (docs/method.md). Run it where verl and medgrpo are installed: the extra `verl`.",
    )
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="a recipe of `train grpo` (TOML)")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the run, seen from all nodes")
    parser.add_argument("--nodes", metavar="N", type=whole, default=1, help="machines of the Ray cluster (default: 1)")
    parser.add_argument("--gpus-per-node", metavar="N", type=whole, default=8, help="GPUs of each (default: 8)")
    parser.add_argument("--gpus-per-engine", metavar="N", type=whole, default=1, help="GPUs that one vLLM spans (default: 1)")
    parser.add_argument("--judge", metavar="offline|URL", default="", help="who rates captions where the recipe rewards them so")
    parser.add_argument("--judge-model", metavar="NAME", default="", help="the model's name at the judge's endpoint")
    return parser


def run(args: argparse.Namespace) -> int:
    import shlex
    import sys

    from medgrpo.core import needing

    with needing("medgrpo train verl", "models", "torch", "transformers"):
        from medgrpo.cluster import NOT_CARRIED, JudgeChoice, Nodes, launch_arguments
        from medgrpo.policy import read_grpo_recipe

    nodes = Nodes(args.nodes, args.gpus_per_node, args.gpus_per_engine)
    judge = JudgeChoice(args.judge, args.judge_model)
    arguments = launch_arguments(args.recipe, read_grpo_recipe(args.recipe), args.out, nodes, judge)
    for line in NOT_CARRIED:
        sys.stderr.write(f"medgrpo: not carried over: {line}\n")
    sys.stdout.write(" \\\n    ".join(["python -m verl.trainer.main_ppo", *map(shlex.quote, arguments)]) + "\n")
    return 0
