"""`medgrpo bench search`: milliseconds of a query over many generated passages, time and size of the index."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, whole

if TYPE_CHECKING:
    from medgrpo.bench import SearchBench


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "search",
        help="milliseconds of a query over many generated passages",
        description="Generate passages, index them, and time queries, embedding included. Only some of the passages go through the "
        "sentence model, which gives its rate; the vectors of the rest are random, which a query costs as much.",
    )
    parser.add_argument("--passages", metavar="N", type=whole, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--queries", metavar="N", type=whole, default=200, help="how many (default: 200)")
    parser.add_argument(
        "--embedded", metavar="N", type=whole, default=256, help="passages that go through the model (default: 256)"
    )
    parser.add_argument("--seed", metavar="N", type=whole, default=7, help="seed of all that is generated (default: 7)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.bench import bench_search
    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress

    with titled_progress() as listen:
        bench = bench_search(args.passages, args.queries, args.embedded, args.seed, listen)
    _print(bench)
    if args.json is not None:
        write_text(args.json, bench.model_dump_json(indent=1) + "\n")
    return 0


def _print(bench: SearchBench) -> None:
    from medgrpo.cli.tables import table_console

    console = table_console()
    whole_query = f"p50 {bench.p50_ms:.1f}, p95 {bench.p95_ms:.1f}, largest {bench.largest_ms:.1f} ms"
    console.print(f"one query of {bench.queries} over {bench.passages} passages: {whole_query}")
    console.print(f"processor time of this process: p50 {bench.processor_p50_ms:.1f}, p95 {bench.processor_p95_ms:.1f} ms")
    console.print("its parts, p50: " + ", ".join(f"{name} {value:.1f} ms" for name, value in bench.parts_p50_ms.items()))
    hours = bench.meaning_build_seconds_estimated / 3600
    console.print(f"index: terms {bench.terms_build_seconds:.0f} s, {bench.index_mb:.0f} MB, opened in {bench.open_seconds:.2f} s")
    console.print(f"vectors: {bench.embedded_per_second:.1f} passages per second, {hours:.1f} h for all (estimated from that rate)")
    console.print(
        f"peak memory {bench.peak_memory_mb:.0f} MB; {bench.processors} processors, {bench.system}, Python {bench.python}"
    )
