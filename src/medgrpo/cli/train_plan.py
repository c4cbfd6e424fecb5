"""`medgrpo train plan`: what a recipe needs, before anything is loaded."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from medgrpo.cli.command import Subparsers, positive, whole

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


def memory_size(text: str) -> int:
    """`80GB`, `24GiB`, `8e9`: bytes."""
    found = re.fullmatch(r"([0-9.eE+]+?)\s*([KMGT]?I?)B?", text.strip(), re.IGNORECASE)
    try:
        size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    except (ValueError, KeyError):
        size = 0
    if size <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of a memory: give bytes, or 80GB, or 24GiB")
    return size


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "plan",
        help="tokens, memory and time of a recipe, before anything is loaded",
        description="Says what a recipe of GRPO or of fine-tuning needs: tokens through the real sampling of its questions, memory "
        "of each part of a process, work and time of a step. Only configuration, tokenizer and one picture per clip are read. "
        "Time is measured on one or two layers of the recipe's widths where its device is this machine's, or follows from rates "
        "that are told. Exit code 1 where it does not fit. Needs the extra `models`.",
    )
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="the recipe (TOML), of `train grpo` or `train sft`")
    parser.add_argument("--device-memory", metavar="SIZE", type=memory_size, help="what may be used, as 80GB or 24GiB")
    parser.add_argument("--answer-tokens", metavar="N", type=whole, help="length of a sampled answer (default: as the references)")
    parser.add_argument("--questions", metavar="N", type=whole, default=2000, help="count at most N questions (default: 2000)")
    parser.add_argument("--processes", metavar="N", type=whole, default=1, help="of how many processes one is planned (default: 1)")
    parser.add_argument("--teraflops", metavar="X", type=positive, help="sustained rate of the device's matrix products")
    parser.add_argument("--bandwidth", metavar="X", type=positive, help="its memory's GB per second (with --teraflops)")
    parser.add_argument("--no-timing", action="store_true", help="measure nothing")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from medgrpo.cli.output import write_text
    from medgrpo.core import InputError, needing

    with needing("medgrpo train plan", "models", "torch", "transformers"):
        from medgrpo.policy import Asked, Machine, make_plan, plan_json, plan_lines, read_recipe
    if (args.teraflops is None) != (args.bandwidth is None):
        raise InputError("--teraflops and --bandwidth belong together: products are bound by one, sampling by the other")
    told = None if args.teraflops is None else Machine(args.teraflops * 1e12, args.bandwidth * 1e9, 5e-6)
    asked = Asked(args.device_memory, args.answer_tokens, told, args.questions, not args.no_timing, args.processes)
    if told is None and asked.measure:
        sys.stderr.write("medgrpo train plan: counting tokens, then timing layers on this machine; that takes minutes\n")
    plan = make_plan(read_recipe(args.recipe), asked)
    if args.json is not None:
        write_text(args.json, json.dumps(plan_json(plan), indent=1) + "\n")
    sys.stdout.write("\n".join(plan_lines(plan)) + "\n")
    return 1 if plan.device_bytes is not None and plan.peak_bytes > plan.device_bytes else 0
