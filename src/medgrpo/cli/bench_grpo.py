"""`medgrpo bench grpo`: one step of MedGRPO beside TRL's GRPOTrainer and beside plain copies."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "grpo",
        help="speed and memory of one GRPO step, beside TRL and plain copies",
        description="One prompt with a clip, G sampled answers, one update, on a small random Qwen2.5-VL: our shared-prompt way, "
        "transformers' generate and forward over G copies, and TRL's GRPOTrainer where it is installed (extra `bench-grpo`; it has "
        "no video, so it gets as many visual tokens as still images). Each runs in its own process.",
    )
    parser.add_argument("--pictures", metavar="N", type=whole, default=30, help="temporal patches of 64 tokens (default: 30)")
    parser.add_argument("--group", metavar="G", type=whole, default=8, help="answers per prompt (default: 8)")
    parser.add_argument("--answer-tokens", metavar="C", type=whole, default=48, help="tokens of every answer (default: 48)")
    parser.add_argument("--rounds", metavar="N", type=whole, default=2, help="measure N times, report the least (default: 2)")
    parser.add_argument("--threads", metavar="N", type=whole, default=1, help="threads of each side (default: 1)")
    parser.add_argument("--no-growth", action="store_true", help="leave out the table over G, P and C")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from medgrpo.bench import GRPO_STAGES, bench_grpo
    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console

    bench = bench_grpo(args.pictures, args.group, args.answer_tokens, args.rounds, args.threads, not args.no_growth)
    console = table_console()
    console.print(f"seconds of processor time, least of {bench.rounds}, {bench.threads} thread, {bench.processors} processors")
    table = Table("", *GRPO_STAGES, "kept for backward (MB)", "P")
    for name, side in (("ours", bench.ours), ("plain copies", bench.copies), (bench.peer, bench.trl)):
        if side is not None:
            seconds = (f"{side.seconds[stage]:.3f}" if stage in side.seconds else "-" for stage in GRPO_STAGES)
            table.add_row(name, *seconds, f"{side.saved_bytes / 1e6:.0f}", str(side.prompt_tokens))
    console.print(table)
    step = "not compared" if bench.step_ratio is None else f"{bench.step_ratio:.1f} times faster"
    console.print(
        f"against {bench.peer}: update {bench.update_ratio:.1f} times faster, rollout {bench.rollout_ratio:.1f}, step {step}, "
        f"memory {bench.memory_ratio:.3f} of its"
    )
    console.print(
        f"against plain copies: update {bench.update_ratio_to_copies:.1f}, rollout {bench.rollout_ratio_to_copies:.1f}; largest "
        f"difference of a log-probability {bench.max_logprob_difference:.1e}, of a gradient {bench.max_gradient_difference:.1e} "
        f"(the largest gradient is {bench.largest_gradient:.1e})"
    )
    if bench.growth:
        grown = Table("G", "P", "C", "packed (s)", "copies (s)", "ratio", "G(P+C)/(P+GC)")
        for row in bench.growth:
            grown.add_row(
                str(row.group), str(row.prompt_tokens), str(row.answer_tokens), f"{row.packed_seconds:.2f}",
                f"{row.copies_seconds:.2f}", f"{row.ratio:.1f}", f"{row.token_ratio:.1f}",
            )  # fmt: skip
        console.print(grown)
    if args.json is not None:
        write_text(args.json, bench.model_dump_json(indent=1) + "\n")
    return 0
