"""`medgrpo bench plan`: what `train plan` says, beside what small real runs take."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "plan",
        help="plans of small recipes, beside what their runs take",
        description="Three unlike recipes on random models of four layers (fine-tuning of everything, GRPO with frozen vision, "
        "GRPO of adapters with checkpointed activations; Qwen2.5-VL and Qwen3-VL): planned, run, and compared in tokens, bytes and "
        "seconds. Needs the extra `models`.",
    )
    parser.add_argument("--steps", metavar="N", type=whole, default=4, help="steps of each run, at least 3 (default: 4)")
    parser.add_argument("--scale", metavar="N", type=whole, default=2, help="widths times N, of 128 and 64 (default: 2)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from medgrpo.bench import bench_plan
    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console

    bench = bench_plan(args.steps, args.scale)
    console = table_console()
    for side in bench.sides:
        equal = "equal" if side.tokens_equal else "NOT EQUAL"
        console.print(f"{side.recipe}: {side.parameters:,} parameters, longest prompt {side.longest_prompt}, tokens {equal}")
        table = Table("", "planned", "found", "planned / found")
        for part, found in side.found_bytes.items():
            planned = side.planned_bytes[part]
            table.add_row(part, f"{planned / 1e6:.1f} MB", f"{found / 1e6:.1f} MB", f"{planned / found:.2f}")
        seconds = (side.planned_seconds, side.found_seconds)
        table.add_row("a step", f"{seconds[0]:.3f} s", f"{seconds[1]:.3f} s", f"{seconds[0] / seconds[1]:.2f}")
        console.print(table)
    if args.json is not None:
        write_text(args.json, bench.model_dump_json(indent=1) + "\n")
    return 0
