"""`medgrpo bench console`: the console's page weighed, and watched by many."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive, whole

if TYPE_CHECKING:
    from medgrpo.bench import ConsoleBrowsed, ConsoleViewed, ConsoleWeight


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "console",
        help="the live page: weight, delays, many viewers, slow lines",
        description="Start a console over the folder of a case that `medgrpo watch` is watching now, and measure it: bytes of the "
        "page, time to the first picture, delay from record to viewer and processor time under many viewers; with --browser also "
        "a real Chromium on slow lines. Linux only.",
    )
    parser.add_argument("case", metavar="CASE", type=Path, help="folder of a case that is being watched")
    parser.add_argument("--viewers", metavar="N", type=whole, default=20, help="at once (default: 20)")
    parser.add_argument("--seconds", metavar="S", type=positive, default=30.0, help="of each measurement (default: 30)")
    parser.add_argument("--browser", metavar="FILE", help="also in this Chromium, unthrottled and at 200 kbit/s (needs playwright)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import asyncio
    import json
    import sys

    from medgrpo.bench import ConsoleViewer, browse_console, started_console, view_console, weigh_console
    from medgrpo.cli.output import write_text

    case = args.case.resolve()
    with started_console(case) as (port, pid):
        weight = asyncio.run(weigh_console(ConsoleViewer("127.0.0.1", port, case.name)))
        numbers = (1, args.viewers)
        viewed = [asyncio.run(view_console("127.0.0.1", port, case.name, pid, number, args.seconds)) for number in numbers]
        address, chromium = f"http://127.0.0.1:{port}/cases/{case.name}", args.browser
        browsed = [] if chromium is None else [browse_console(address, chromium, rate, args.seconds) for rate in (None, 200.0)]
    lines = [_weighed(weight), *map(_viewed, viewed), *map(_browsed, browsed)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    if args.json is not None:
        figures = {"weight": weight.model_dump(), "viewed": [one.model_dump() for one in viewed]}
        write_text(args.json, json.dumps({**figures, "browsed": [one.model_dump() for one in browsed]}, indent=1) + "\n")
    return 0


def _weighed(one: ConsoleWeight) -> str:
    total = (one.page_bytes + one.files_bytes) / 1000
    stands = one.first_patch_bytes / 1000
    return f"page: {total:.1f} kB in {one.files + 1} files, then {stands:.1f} kB of what stands (the first event)"


def _viewed(one: ConsoleViewed) -> str:
    rate = one.pictures / one.seconds / one.viewers
    return (
        f"{one.viewers} viewers: from record to viewer {one.delay_mean_ms:.0f} ms in the mean, p95 {one.delay_p95_ms:.0f}, most "
        f"{one.delay_max_ms:.0f}; {rate:.1f} pictures/s each, of {one.picture_bytes_mean / 1000:.1f} kB; first picture after "
        f"{one.first_picture_ms:.0f} ms (without the page's files); console {one.cpu_share:.2f} cores, {one.memory_mb:.0f} MB"
    )


def _browsed(one: ConsoleBrowsed) -> str:
    rate = "as it is" if one.kbit_per_second is None else f"at {one.kbit_per_second:g} kbit/s"
    return (
        f"Chromium {rate}: first picture after {one.first_picture_ms / 1000:.1f} s and {one.loaded_bytes / 1000:.0f} kB; then "
        f"{one.pictures_per_second:.1f} pictures/s {one.width} wide, {one.received_kbit_per_second:.0f} kbit/s; events "
        f"{one.delay_mean_ms:.0f} ms late in the mean, p95 {one.delay_p95_ms:.0f}"
    )
