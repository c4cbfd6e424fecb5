"""`medgrpo train grpo`: MedGRPO of a video-language model from one recipe; stopped or killed, the same command goes on."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers
from medgrpo.cli.judges import add_judge_options, judge_account, open_judge
from medgrpo.cli.training import Progress, add_run_options, run_training

if TYPE_CHECKING:
    from collections.abc import Callable

    from medgrpo.policy import Team


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "grpo",
        help="train a video-language model by MedGRPO",
        description="Reinforcement learning of a Qwen2.5-VL, Qwen3-VL or Qwen3.5 on questions in MedVidBench's form "
        "(docs/method.md). RECIPE is a TOML file with every setting; recipes/ in the repository holds commented ones. A run that "
        "was stopped or killed goes on, to the same numbers, when the same command is given again. Needs the extra `models`.",
    )
    add_run_options(parser)
    parser.add_argument(
        "--judge",
        metavar="JUDGE",
        help="who rates captions where the recipe rewards them so: `offline`, an endpoint with --judge-model, or any model that "
        "`evaluate run` takes (docs/judging.md); its rubric is the comparative one",
    )
    add_judge_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    return run_training(args, "grpo", _train)


def _train(args: argparse.Namespace, team: Team, progress: Progress, stop: Callable[[], bool]) -> int:
    from medgrpo.models import check_listening
    from medgrpo.policy import needs_sentences, read_grpo_recipe, train_grpo
    from medgrpo.scoring import Remembering, load_minilm
    from medgrpo.tasks import RubricKind

    recipe = read_grpo_recipe(args.recipe)
    sentences = Remembering(load_minilm()) if needs_sentences(recipe) else None
    judge = None
    if args.judge is not None:
        if args.judge.startswith(("http://", "https://")):
            check_listening(args.judge)  # before anything is loaded: answers of a step wait for it
        if not team.first:  # a file of replies has one writer
            args.judge_replies = args.judge_replies.with_suffix(f".{team.rank}{args.judge_replies.suffix}")
        if args.judge_budget_tokens is not None:  # of the whole run
            args.judge_budget_tokens //= team.size
        if args.judge_budget_money is not None:
            args.judge_budget_money /= team.size
        judge = open_judge(args, args.judge, RubricKind.COMPARATIVE, judge_account(args))
    done = train_grpo(recipe, args.out, progress, stop, sentences, judge, team, tell=_tell)
    if team.first:
        for reason in done.stopped:
            sys.stderr.write(f"medgrpo: stopped by an alarm after step {done.steps}: {reason}\n")
        sys.stdout.write(f"{done.model or args.out / 'metrics.jsonl'}\n")
    return 4 if done.stopped else 0


def _tell(words: str) -> None:
    sys.stderr.write(f"medgrpo: {words}\n")
