"""`medgrpo evaluate forecast`: measure forecasts on held-out courses beside three baselines."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers

SOURCES = ("nurvid", "avos", "simulated")


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "forecast",
        help="measure forecasts on held-out courses",
        description="Learn from a source's training part, tune on its validation part, measure on its test part: the next action, "
        "the time to each class at 2, 3 and 5 minutes, the segments of the next 2 minutes, the time left, calibration. Ours stands "
        "beside last seen, class means and first-order Markov; the last column is ours minus Markov with a 95 % interval (paired "
        "bootstrap over videos). Times are in seconds.",
    )
    parser.add_argument("--source", choices=SOURCES, required=True, help="which courses")
    parser.add_argument("--data", metavar="DIR", type=Path, help="the source's folder (not needed for simulated cases)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import os

    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # before numpy loads: the products are small, threads only wait for one another
    from rich.console import Console
    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import InputError
    from medgrpo.evaluation import evaluate_source, table_rows

    if args.data is None and args.source != "simulated":
        raise InputError(f"--source {args.source} needs --data DIR, the folder of its annotations")
    with titled_progress() as progress:
        results = evaluate_source(args.source, args.data, progress)
    console = Console(highlight=False, width=132)
    for result in results:
        videos = result["videos"]
        title = f"{result['name']}: learned from {videos['train']}, tuned on {videos['val']}, measured on {videos['test']}"
        table = Table(title=title)
        for column in ("figure", *result["figures"], "ours - Markov"):
            table.add_column(column, justify="left" if column == "figure" else "right")
        for name, cells in table_rows(result):
            table.add_row(name, *cells)
        console.print(table)
    if args.json is not None:
        write_text(args.json, json.dumps(results, indent=1) + "\n")
    return 0
