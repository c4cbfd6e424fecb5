"""`medgrpo evaluate reasoning`: rule recall and false alarms on simulated cases at several levels of noise."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive, whole

if TYPE_CHECKING:
    from medgrpo.simulation import Deviation


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "reasoning",
        help="measure rules, phases and events on simulated cases under noise",
        description="Simulate operations (scripts only, no picture is drawn), faultless and with each deviation in turn, let a "
        "documented noise model say what an imperfect perception would see, and measure what reasoning makes of it: rule recall, "
        "time to detect, false alarms per hour, abstention, phases and events, each with a 95 % interval over cases. "
        "Says nothing about real surgery.",
    )
    parser.add_argument("--cases", metavar="N", type=whole, default=20, help="how many cases (default 20)")
    parser.add_argument("--minutes", metavar="M", type=positive, default=40.0, help="length of each in minutes (default 40)")
    parser.add_argument("--noise", metavar="LEVELS", default="low,medium,high", help="levels, separated by commas (default all)")
    parser.add_argument(
        "--deviations", metavar="NAMES", help="what is played in turn, separated by commas (default all, `none` being faultless)"
    )
    parser.add_argument("--looks-per-second", metavar="F", type=positive, default=2.0, help="looks at each second (default 2)")
    parser.add_argument("--seed", metavar="SEED", type=whole, default=1000, help="seed of the first case (default 1000)")
    parser.add_argument("--processes", metavar="N", type=whole, default=2, help="how many work side by side (default 2)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.cli.tables import table_console
    from medgrpo.evaluation import StudySettings, flat_figures, study
    from medgrpo.simulation import Deviation

    settings = StudySettings(
        cases=args.cases,
        minutes=args.minutes,
        looks_per_second=args.looks_per_second,
        first_seed=args.seed,
        deviations=tuple(Deviation) if args.deviations is None else _deviations(args.deviations),
        noise=tuple(name.strip() for name in args.noise.split(",")),
    )
    with titled_progress() as progress:
        progress("cases at each noise level", 0, settings.cases)
        figures = study(
            settings, progress=lambda done, total: progress("cases at each noise level", done, total), processes=args.processes
        )
    levels = {name: dict(flat_figures(level)) for name, level in figures["levels"].items()}
    table = Table(title=f"{settings.cases} simulated cases of {settings.minutes:g} minutes: value (95 % interval over cases)")
    table.add_column("figure")
    for name in levels:
        table.add_column(name, justify="right")
    for row in dict.fromkeys(row for level in levels.values() for row in level):
        table.add_row(row, *(_cell(level.get(row)) for level in levels.values()))
    table_console().print(table)
    if args.json is not None:
        write_text(args.json, json.dumps(figures, indent=1) + "\n")
    return 0


def _deviations(names: str) -> tuple[Deviation, ...]:
    """InputError names one that is none."""
    from medgrpo.core import InputError
    from medgrpo.simulation import Deviation

    chosen = [name.strip() for name in names.split(",")]
    for name in chosen:
        if name not in tuple(Deviation):
            raise InputError(f"no deviation {name!r}; there are {', '.join(Deviation)}")
    return tuple(Deviation(name) for name in chosen)


def _cell(figure: list[float | None] | None) -> str:
    if figure is None or figure[0] is None:
        return "-"
    value, low, high = figure
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f}-{high:.2f})"
