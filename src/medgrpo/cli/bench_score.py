"""`medgrpo bench score`: speed of scoring beside the official method written plainly."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "score",
        help="speed of scoring MedVidBench answers, beside the official method written plainly",
        description="Generate records in the test set's proportions, score them by our leaderboard protocol and by a plain Python "
        "version of the official method, check that the figures agree, and print both times.",
    )
    parser.add_argument("--records", metavar="N", type=whole, default=6245, help="records (default: 6245, the test set's)")
    parser.add_argument("--rounds", metavar="N", type=whole, default=3, help="measure N times, report the fastest (default: 3)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="seed of the records (default: 0)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.bench import bench_score
    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console

    bench = bench_score(args.records, args.rounds, args.seed)
    console = table_console()
    machine = f"{bench.processors} processors, Python {bench.python}"
    console.print(f"{bench.records} records, processor time, least of {bench.rounds}, {machine}")
    for what, plain, ours, times in (
        ("answers that are labels", bench.plain_seconds, bench.ours_seconds, bench.times_faster),
        (f"{bench.free_share:.0%} free answers", bench.free_plain_seconds, bench.free_ours_seconds, bench.free_times_faster),
    ):
        if plain is None or ours is None:
            console.print(f"{what}: not measured, the sentence model is not installed")
        else:
            console.print(f"{what}: plain Python {plain:.3f} s, medgrpo {ours:.3f} s, {times:.1f} times as fast, figures agree")
    console.print(
        f"whole file, leaderboard: {bench.file_leaderboard_seconds:.3f} s; both protocols: {bench.file_both_seconds:.3f} s"
    )
    if args.json is not None:
        write_text(args.json, bench.model_dump_json(indent=1) + "\n")
    return 0
