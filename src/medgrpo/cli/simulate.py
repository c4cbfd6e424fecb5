"""`medgrpo simulate`: a scripted operation rendered to video, with its exact truth."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole
from medgrpo.cli.simulating import WORLDS, add_case_arguments, simulate_with_progress


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "simulate",
        help="render a scripted operation with its exact truth",
        description="Render a scripted operation to video, with labels in CholecT50's format and the whole truth of every frame. "
        "A drawing: it tests software and is no evidence of accuracy on real surgery.",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for the case")
    parser.add_argument(
        "--procedure",
        default="cholecystectomy",
        help=f"what is operated (default: cholecystectomy); simpler drawings: {', '.join(WORLDS)}",
    )
    add_case_arguments(parser, minutes=10.0)
    parser.add_argument("--size", metavar="WxH", type=_size, default=(640, 360), help="picture size (default: 640x360)")
    parser.add_argument("--frame-rate", metavar="N", type=int, default=25, help="frames per second (default: 25)")
    parser.add_argument(
        "--frames", action="store_true", help="also one picture per second (of a cholecystectomy in CholecT50's layout)"
    )
    parser.add_argument(
        "--cases",
        metavar="N",
        type=whole,
        help="so many cases, seed by seed from --seed on, each in a folder below --out; those that are there already are kept",
    )
    parser.add_argument("--force", action="store_true", help="replace a case that is there already")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.core import InputError

    if args.cases is not None:
        for seed in range(args.seed, args.seed + args.cases):
            out = args.out / f"{args.procedure}-{seed:04d}"
            if args.force or not (out / "truth.json").exists():
                _simulate(args, out, seed)
        return 0
    if (args.out / "truth.json").exists() and not args.force:
        raise InputError(f"{args.out}: already holds a simulated case: use --force to replace it, or another folder with --out")
    _simulate(args, args.out, args.seed)
    return 0


def _simulate(args: argparse.Namespace, out: Path, seed: int) -> None:
    import sys

    video = simulate_with_progress(
        out,
        minutes=args.minutes,
        seed=seed,
        deviations=args.deviation,
        procedure=args.procedure,
        size_wh=args.size,
        frame_rate=args.frame_rate,
        frames=args.frames,
    )
    sys.stdout.write(f"{video}\n")


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT, such as 640x360, not {text!r}")
    return int(match[1]), int(match[2])
