"""`medgrpo evaluate forecast`: measure forecasts on held-out courses beside three baselines."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers

SOURCES = ("nurvid", "avos", "simulated", "tracker")


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "forecast",
        help="measure forecasts on held-out courses",
        description="Learn from a source's training part, tune on its validation part, measure on its test part: the next action, "
        "the time to each class at 2, 3 and 5 minutes, the segments of the next 2 minutes, the time left, calibration. Ours stands "
        "beside last seen, class means and first-order Markov; the last column is ours minus Markov with a 95 % interval (paired "
        "bootstrap over videos). Times are in seconds. `--source tracker` instead measures how many of the times that the live "
        "tracker tells on simulated cases come within their intervals.",
    )
    parser.add_argument("--source", choices=SOURCES, required=True, help="which courses")
    parser.add_argument("--data", metavar="DIR", type=Path, help="the source's folder (not needed for simulated cases)")
    parser.add_argument(
        "--fit",
        metavar="FILE",
        type=Path,
        help="with --source tracker: fit the intervals anew on cases kept for that, and write them",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import os

    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # before numpy loads: the products are small, threads only wait for one another
    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.cli.tables import table_console
    from medgrpo.core import InputError
    from medgrpo.evaluation import evaluate_source, table_rows

    if args.fit is not None and args.source != "tracker":
        raise InputError("--fit goes with --source tracker")
    if args.source == "tracker":
        return _tracker(args.fit, args.json)
    if args.data is None and args.source != "simulated":
        raise InputError(f"--source {args.source} needs --data DIR, the folder of its annotations")
    with titled_progress() as progress:
        results = evaluate_source(args.source, args.data, progress)
    console = table_console()
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


def _tracker(fit: Path | None, json_file: Path | None) -> int:
    import json

    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.cli.tables import table_console
    from medgrpo.evaluation import evaluate_tracker, fit_scaling
    from medgrpo.reasoning import shipped_scaling

    with titled_progress() as progress:
        scaling = shipped_scaling() if fit is None else fit_scaling(progress)
        if fit is not None:
            write_text(fit, scaling.model_dump_json(indent=1) + "\n")
        rows = evaluate_tracker(scaling, progress)
    table = Table(title=f"share of told times that came within their {scaling.held_share:.0%} interval (95 % interval over cases)")
    for column in ("times of", "n", "as the model has them", "low end x", "high end x", "widened", "open to the future"):
        table.add_column(column, justify="left" if column == "times of" else "right")
    for kind, count, before, after, open_share in rows:
        factor = next(one for name, one in scaling.factors.items() if name == kind)
        cells = (f"{before[0]:.2f} ({before[1]:.2f}-{before[2]:.2f})", f"{factor.low:.2f}", f"{factor.high:.2f}")
        table.add_row(kind, str(count), *cells, f"{after[0]:.2f} ({after[1]:.2f}-{after[2]:.2f})", f"{open_share:.2f}")
    table_console().print(table)
    if json_file is not None:
        figures = [
            {"kind": kind, "times": count, "raw": before, "widened": after, "open_share": open_share}
            for kind, count, before, after, open_share in rows
        ]
        write_text(json_file, json.dumps({"scaling": scaling.model_dump(mode="json"), "held_out": figures}, indent=1) + "\n")
    return 0
