"""`medgrpo bench reasoning`: time of one tick of reasoning on a long simulated operation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive, whole

if TYPE_CHECKING:
    from medgrpo.bench import ReasoningBench


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "reasoning",
        help="milliseconds of one tick of reasoning on a long simulated operation",
        description="Simulate an operation, see it through a noise model (no picture is drawn), and time every tick of reasoning.",
    )
    parser.add_argument("--minutes", metavar="N", type=positive, default=60.0, help="length of the operation (default: 60)")
    parser.add_argument("--looks-per-second", metavar="N", type=positive, default=5.0, help="looks per second (default: 5)")
    parser.add_argument("--noise", choices=("low", "medium", "high"), default="high", help="level of noise (default: high)")
    parser.add_argument("--seed", metavar="N", type=whole, default=7, help="seed of the simulation and of the noise (default: 7)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from medgrpo.bench import bench_reasoning
    from medgrpo.cli.output import write_text

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reasoning", total=1.0)
        bench = bench_reasoning(
            args.minutes, args.looks_per_second, args.noise, args.seed, lambda share: progress.update(task, completed=share)
        )
    _print(bench)
    if args.json is not None:
        write_text(args.json, bench.model_dump_json(indent=1) + "\n")
    return 0


def _print(bench: ReasoningBench) -> None:
    from rich.table import Table

    from medgrpo.cli.tables import table_console

    table = Table(title=f"{bench.minutes:g} minutes, {bench.looks} looks, noise {bench.noise}, seed {bench.seed}")
    for heading in ("one tick", "p50", "p90", "p99", "largest"):
        table.add_column(heading, justify="left" if heading == "one tick" else "right")
    points = (bench.p50_ms, bench.p90_ms, bench.p99_ms, bench.largest_ms)
    table.add_row("milliseconds", *(f"{point:.2f}" for point in points))
    own = (bench.processor_p50_ms, None, bench.processor_p99_ms, bench.processor_largest_ms)
    table.add_row("... of this thread's own", *("-" if point is None else f"{point:.2f}" for point in own))
    console = table_console()
    console.print(table)
    console.print(f"at the end: finish {bench.finish_seconds:.2f} s, smoothing {bench.revise_seconds:.2f} s")
    console.print(f"{bench.processors} processors, {bench.system}, Python {bench.python}")
