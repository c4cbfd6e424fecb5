"""`medgrpo bench analyze`: speed and memory of the main job beside OpenCV's decoder with the same model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive, whole

if TYPE_CHECKING:
    from medgrpo.bench import AnalysisBench

_SIMULATED_MINUTES = 2.0


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "analyze",
        help="seconds and frames per second of each stage, real-time factor, peak memory, beside OpenCV",
        description="Measure the analysis of a video, stage by stage, beside a plain OpenCV decode with the same model. "
        "Needs: pip install 'medgrpo[bench]'.",
    )
    parser.add_argument(
        "video", metavar="VIDEO", nargs="?", type=Path, help="video to measure (default: a simulated one of two minutes)"
    )
    parser.add_argument("--looks-per-second", metavar="N", type=positive, default=5.0, help="looks per second (default: 5)")
    parser.add_argument("--rounds", metavar="N", type=whole, default=1, help="measure N times, report the fastest (default: 1)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import tempfile

    from medgrpo.bench import bench_analysis, require_peer
    from medgrpo.cli.output import write_text
    from medgrpo.cli.simulating import simulate_with_progress
    from medgrpo.perception import load_perceiver

    require_peer()
    load_perceiver()  # what is missing is said before minutes are spent
    with tempfile.TemporaryDirectory() as folder:
        video: Path | None = args.video
        if video is None:
            video = simulate_with_progress(Path(folder), minutes=_SIMULATED_MINUTES, seed=7, deviations=())
        bench = bench_analysis(video, args.looks_per_second, args.rounds)
    _print(bench)
    if args.json is not None:
        write_text(args.json, bench.as_json() + "\n")
    return 0


def _print(bench: AnalysisBench) -> None:
    from rich.table import Table

    from medgrpo.cli.tables import table_console

    ours, peer = bench.ours, bench.peer
    table = Table(title=f"{bench.video}: {ours.video_seconds:.1f} s of video, {bench.looks_per_second:g} looks per second")
    for heading in ("stage", "medgrpo s", "frames/s", "peer s", "frames/s"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, seconds in ours.stages.items():
        cells = [f"{seconds:.2f}", _rate(ours.frames_per_second.get(stage))]
        other = peer.stages.get(stage)
        cells += ["-", "-"] if other is None else [f"{other:.2f}", _rate(peer.frames_per_second.get(stage))]
        table.add_row(stage, *cells)
    table.add_row("times real time", f"{ours.realtime_factor:.1f}", "", f"{peer.realtime_factor:.1f}", "", end_section=True)
    table.add_row("with the report", f"{ours.realtime_factor_with_report:.1f}", "", "-", "")
    table.add_row("peak memory MB", f"{ours.peak_memory_mb:.0f}", "", f"{peer.peak_memory_mb:.0f}", "")
    console = table_console()
    console.print(table)
    console.print(f"peer: {peer.name}; {bench.processors} processors, {bench.system}, Python {bench.python}")


def _rate(frames_per_second: float | None) -> str:
    return "-" if frames_per_second is None else f"{frames_per_second:.0f}"
