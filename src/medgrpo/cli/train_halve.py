"""`medgrpo train halve`: a trained model in half the bytes."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "halve",
        help="a trained model in half the bytes, for shipping",
        description="Write a checkpoint folder whose weights are rounded to float16. Measure it again before you give it away.",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder of the trained model, weights in one file")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="new folder for the smaller checkpoint")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.models import halve

    sys.stdout.write(f"{halve(args.model, args.out)}\n")
    return 0
