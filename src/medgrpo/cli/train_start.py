"""`medgrpo train start`: the nano model before any training, its tokenizer learned from the questions that it will be asked."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "start",
        help="the nano model before training, for two cores",
        description="Write a checkpoint folder of Qwen3-VL's class, about 7 million random weights, with a tokenizer learned from "
        "the questions and answers of QUESTIONS. What follows is docs/nano.md.",
    )
    parser.add_argument("questions", metavar="QUESTIONS", type=Path, help="questions in MedVidBench's form, with answers")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="new folder for the checkpoint")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="seed of the weights (default: 0)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.models import build_nano
    from medgrpo.sources import BenchmarkRecord, read_medvidbench

    records = [one for one in read_medvidbench(args.questions) if isinstance(one, BenchmarkRecord)]
    texts = [text for one in records for text in (one.question, one.answer or "")]
    sys.stdout.write(f"{build_nano(texts, args.out, args.seed)}\n")
    return 0
