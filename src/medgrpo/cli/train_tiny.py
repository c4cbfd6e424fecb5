"""`medgrpo train tiny`: a small random video-language model of a real class, for smoke runs without a model hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers

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
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.models import build_tiny

    sys.stdout.write(f"{build_tiny(args.kind, args.out, args.seed)}\n")
    return 0
