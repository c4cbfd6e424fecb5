"""`medgrpo train calibrate`: the frozen statistics that rewards are normalised with, from a model's own answers."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, positive, whole
from medgrpo.cli.judges import add_judge_options, protocol_ratings


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "calibrate",
        help="measure how a model scores per data set and task, for the rewards of `train grpo`",
        description="Score a model's own answers (strictly, as `evaluate score --protocol strict`) and write the quartiles of "
        "every (source, task) that they hold. `train grpo` puts rewards on one scale with them (docs/method.md); a source or "
        "task that is not in the file is refused there.",
    )
    parser.add_argument("--records", metavar="FILE", type=Path, required=True, help="answered records (JSONL or JSON)")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the calibration file (JSON)")
    parser.add_argument("--checkpoint", required=True, help="whose answers these are: the hash or name of the weights")
    parser.add_argument("--tasks", metavar="NAME", nargs="+", help="calibrate these tasks only (default: all that the file holds)")
    parser.add_argument(
        "--captions",
        choices=("none", "similarity"),
        default="none",
        help="also calibrate captions by sentence similarity (extra `similarity`); default: a file with captions is refused",
    )
    parser.add_argument("--judge", metavar="JUDGE", help="also calibrate captions by this judge (docs/judging.md)")
    add_judge_options(parser)
    parser.add_argument("--least", metavar="N", type=whole, default=8, help="fewest scored answers of a key (default: 8)")
    parser.add_argument("--steepness", metavar="K", type=positive, default=3.0, help="k of the logistic (default: 3)")
    parser.add_argument("--floor", metavar="IQR", type=positive, default=0.02, help="least spread that counts (default: 0.02)")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console
    from medgrpo.reward import calibrate, measured_scores, of_tasks
    from medgrpo.scoring import Remembering, load_minilm, read_records

    records = read_records(args.records)
    if args.tasks is not None:
        records = of_tasks(records, args.tasks)
    sentences = Remembering(load_minilm()) if args.captions == "similarity" else None
    measured = measured_scores(records, sentences, protocol_ratings(args, records, "strict").get("strict"))
    calibration = calibrate(measured, args.checkpoint, args.steepness, args.floor, args.least)
    write_text(args.out, calibration.model_dump_json(indent=1) + "\n")
    table = Table("source", "task", "part", "n", "unscored", "p25", "p50", "p75", "")
    for entry in calibration.statistics:
        figures = (f"{value:.3f}" for value in (entry.p25, entry.p50, entry.p75))
        floored = "spread below the floor" if calibration.is_floored(entry.key) else ""
        if floored and not entry.p75:
            floored += f"; {entry.above_zero} above 0: pays hit or miss"
        table.add_row(*entry.key, str(entry.n), str(entry.unscored), *figures, floored)
    console = table_console()
    console.print(table)
    if measured.broken:
        console.print(f"{measured.broken} records hold no question of MedVidBench and were left out")
    console.print(f"{args.out}: {calibration.digest[:12]}")
    return 0
