"""`medgrpo evaluate baselines`: what both protocols give to answers that were made without looking, or by knowing the rules."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from medgrpo.cli.command import Subparsers
from medgrpo.cli.judges import add_caption_options, check_caption_options, protocol_ratings

_KEYS = ("tag_miou_03", "tag_miou_05", "stg_miou", "dvc_f1", "nap_acc", "cvs_acc", "sa_acc")
_TASKS = (
    "temporal_grounding", "spatiotemporal_grounding", "dense_captioning", "next_action", "critical_view", "skill_assessment"
)  # fmt: skip
_JUDGED = ("video_summary", "region_caption", "dense_captions")


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "baselines",
        help="what the protocols give to scripted answers (zeros, constants, random, copies, perfect)",
        description="Answer every question of RECORDS by script and score it under both protocols. The records need references "
        "only; those whose reference cannot be read, or makes the official evaluator fail, are left out.",
    )
    parser.add_argument("records", metavar="RECORDS", nargs="*", type=Path, help="records with references (JSONL or JSON)")
    parser.add_argument(
        "--data", metavar="FILE", nargs="+", type=Path, default=[], help="questions with answers in MedVidBench's own form"
    )
    add_caption_options(parser)
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all summaries")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.benchmark import read_rows, record_line
    from medgrpo.cli.output import write_text
    from medgrpo.core import InputError
    from medgrpo.scoring import (
        SCRIPTS,
        LazyMiniLM,
        Records,
        Remembering,
        answer_all,
        as_json,
        load_minilm,
        read_records,
        record_from,
        score_file,
        usable,
    )

    check_caption_options(args)
    if not args.records and not args.data:
        raise InputError("give RECORDS or --data")
    given = [record for path in args.records for record in read_records(path).records]
    rows = [(path, row) for path in args.data for row in read_rows(path)]
    given += [record_from(record_line(row, ""), f"{path}: record {row.place}") for path, row in rows]
    records = usable(Records(tuple(given)))
    summaries: dict[str, Any] = {}
    sentences = Remembering(load_minilm()) if args.captions == "similarity" else None
    for script in SCRIPTS:
        answered = answer_all(records, script)
        ratings = protocol_ratings(args, answered, "both")
        result = score_file(answered, "both", sentences or LazyMiniLM(), sentences, ratings)
        summaries[script] = {protocol: values["summary"] for protocol, values in result.items()}
    _show(summaries)
    if args.json is not None:
        write_text(args.json, as_json(summaries) + "\n")
    return 0


def _show(summaries: dict[str, Any]) -> None:
    from rich.table import Table

    from medgrpo.cli.tables import table_console

    console = table_console()
    first = next(iter(summaries.values()))["leaderboard"]["counts"]["records"]
    leaderboard = Table(title=f"leaderboard, {first} records")
    strict = Table(title="strict, pooled")
    judged = tuple(
        name
        for name in _JUDGED
        if any(_pooled(summary["strict"]["tasks"]).get(name) not in (None, 0.0) for summary in summaries.values())
    )
    for table, headings in ((leaderboard, _KEYS), (strict, (*_TASKS, *judged))):
        table.add_column("answers")
        for heading in headings:
            table.add_column(heading, justify="right")
    for script, summary in summaries.items():
        metrics, pooled = summary["leaderboard"]["metrics"], _pooled(summary["strict"]["tasks"])
        leaderboard.add_row(script, *(_number(metrics.get(key)) for key in _KEYS))
        strict.add_row(script, *(_number(pooled.get(name)) for name in (*_TASKS, *judged)))
    console.print(leaderboard)
    console.print(strict)


def _pooled(tasks: dict[str, Any]) -> dict[str, float | None]:
    figures = {name: values["all"]["pooled"] for name, values in tasks.items()}
    return {name: None if figure is None else figure["value"] for name, figure in figures.items()}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
