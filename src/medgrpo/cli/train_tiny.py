"""`medgrpo train tiny`: a small random video-language model of a real class, for smoke runs without a model hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole

_KINDS = ("qwen2.5-vl", "qwen3-vl", "qwen3.5", "smolvlm")


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "tiny",
        help="a small random model of a real class, for smoke runs",
        description="Write a checkpoint folder of two layers with random weights, its tokenizer and its processor files, made by "
        "code alone. It loads as the real ones do and answers with noise until it is trained.",
    )
    parser.add_argument("--kind", choices=_KINDS, default=_KINDS[0], help=f"class of the model (default: {_KINDS[0]})")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="new folder for the checkpoint")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="seed of the weights (default: 0)")
    parser.add_argument(
        "--texts", metavar="QUESTIONS", type=Path, help="questions whose frequent pieces the tokenizer takes up beside the bytes"
    )
    parser.add_argument("--pieces", metavar="N", type=whole, default=256, help="most such pieces (default: 256)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.models import build_tiny
    from medgrpo.sources import Problem, read_medvidbench

    texts: list[str] = []
    if args.texts is not None:
        records = [record for record in read_medvidbench(args.texts) if not isinstance(record, Problem)]
        texts = [text for record in records for text in (record.question, record.answer or "")]
    sys.stdout.write(f"{build_tiny(args.kind, args.out, args.seed, texts, args.pieces)}\n")
    return 0
