"""`medgrpo bench sft`: one update of supervised fine-tuning beside transformers' forward over a padded batch."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "sft",
        help="speed and memory of one step of fine-tuning, beside a padded batch",
        description="Loss and gradients of samples with clips of unlike lengths on a small random Qwen2.5-VL: ours, packed, and "
        "transformers' own forward over the same samples padded to the longest, by turns in one process. Needs the extra `models`.",
    )
    parser.add_argument("--samples", metavar="N", type=whole, default=8, help="samples of the step (default: 8)")
    parser.add_argument("--rounds", metavar="N", type=whole, default=3, help="measure N times, report the least (default: 3)")
    parser.add_argument("--threads", metavar="N", type=whole, default=1, help="threads (default: 1)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="seed of the samples (default: 0)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from medgrpo.bench import bench_sft
    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console

    bench = bench_sft(args.samples, args.rounds, args.threads, args.seed)
    console = table_console()
    table = Table("", "processor seconds", "tokens per second", "kept for backward (MB)")
    for name, seconds, rate, kept in (
        ("packed (ours)", bench.packed_seconds, bench.packed_tokens_per_second, bench.packed_saved_bytes),
        ("padded (transformers)", bench.padded_seconds, bench.padded_tokens_per_second, bench.padded_saved_bytes),
    ):
        table.add_row(name, f"{seconds:.3f}", f"{rate:.0f}", f"{kept / 1e6:.0f}")
    console.print(table)
    console.print(
        f"{bench.samples} samples, {bench.tokens} tokens, {bench.answer_tokens} of answers: {bench.ratio:.2f} times faster, "
        f"memory {bench.memory_ratio:.2f} of its; padding makes {bench.token_ratio:.2f} tokens of one"
    )
    console.print(
        f"differences: loss {bench.loss_difference:.1e}, largest of a gradient {bench.max_gradient_difference:.1e} "
        f"(the largest gradient is {bench.largest_gradient:.1e})"
    )
    if args.json is not None:
        write_text(args.json, bench.model_dump_json(indent=1) + "\n")
    return 0
