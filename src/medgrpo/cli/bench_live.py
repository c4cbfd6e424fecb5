"""`medgrpo bench live`: latency of the live path, stage by stage, at a camera's own pace."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive

if TYPE_CHECKING:
    from medgrpo.bench import LiveRun

SIZES = ((854, 480), (1920, 1080))


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "live",
        help="milliseconds from a picture's arrival to its decision, processor and memory",
        description="Play simulated video of 25 frames a second at its own pace, at 854x480 and at 1920x1080, and measure every "
        "stage from a picture's arrival to its decision. Takes twice --minutes, and the time to draw the videos.",
    )
    parser.add_argument(
        "videos", metavar="VIDEO", nargs="*", type=Path, help="videos to play instead (default: simulated ones of both sizes)"
    )
    parser.add_argument("--minutes", metavar="M", type=positive, default=2.0, help="of each size (default: 2; 30 for figures)")
    parser.add_argument("--looks-per-second", metavar="N", type=positive, default=5.0, help="looks per second (default: 5)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import tempfile

    from medgrpo.bench import LIVE_CONTEXT, run_live
    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import progress_bars
    from medgrpo.cli.simulating import simulate_with_progress
    from medgrpo.perception import load_perceiver
    from medgrpo.stream import Tick

    perceiver = load_perceiver()
    runs: list[LiveRun] = []

    def play(video: Path) -> None:
        with progress_bars() as bars:
            task = bars.add_task(f"live {video.name}", total=args.minutes * 60, at="")

            def listen(tick: Tick) -> None:
                bars.update(task, completed=tick.case_seconds, at=f"{tick.case_seconds:.0f} s")

            runs.append(run_live(video, args.minutes, perceiver, args.looks_per_second, listen))

    with tempfile.TemporaryDirectory() as folder:
        for video in args.videos:
            play(video)
        for width, height in () if args.videos else SIZES:
            place = Path(folder) / f"{width}"
            play(simulate_with_progress(place, minutes=2.0, seed=7, size_wh=(width, height)))
    _print(runs)
    if args.json is not None:
        found = {**runs[0].decision.model_dump(), "runs": [one.model_dump() for one in runs], "context": LIVE_CONTEXT}
        write_text(args.json, json.dumps(found, indent=1) + "\n")
    return 0


def _print(runs: list[LiveRun]) -> None:
    from rich.table import Table

    from medgrpo.bench import LIVE_CONTEXT
    from medgrpo.cli.tables import table_console

    console = table_console()
    for one in runs:
        table = Table(title=f"{one.size}, {one.seconds / 60:.1f} min, {one.looks} looks of {one.pictures} pictures")
        for heading in ("stage", "mean ms", "p95 ms", "p99 ms", "most ms"):
            table.add_column(heading, justify="left" if heading == "stage" else "right")
        for name, found in {**one.stages, "arrival to decision": one.decision}.items():
            table.add_row(name, *(f"{value:.1f}" for value in (found.mean_ms, found.p95_ms, found.p99_ms, found.max_ms)))
        console.print(table)
        console.print(
            f"{one.cpu_share:.2f} cores busy, {one.memory_mb:.0f} MB at most ({one.memory_growth_mb:+.0f} MB over the run), "
            f"{one.descriptors} descriptors ({one.descriptors_growth:+d}); other processes kept {one.beside_cores:.2f} cores busy, "
            f"{one.beside_slowest_cores:.2f} at the slowest hundredth of the looks",
            highlight=False,
        )
    console.print(LIVE_CONTEXT, highlight=False)
