"""`medgrpo evaluate judges`: how far judges of captions agree with expected grades and with one another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers
from medgrpo.cli.judges import OFFLINE, add_judge_options, ask_judge, judge_account, open_judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from medgrpo.judging import Account, GradedPair, Judged, JudgeReport

SIMILARITY, HYBRID = "similarity", "hybrid"


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "judges",
        help="how far judges of captions agree with expected grades and with one another",
        description="Rate the shipped caption pairs (written and graded by an AI, not by a clinician) or those of a file, and "
        "compare: correlation, weighted kappa, order within a reference, means by kind of error. A judge is `offline`, "
        "`similarity` (the cosine alone), `hybrid` (half of each) or the address of an endpoint with --judge-model "
        "(docs/judging.md).",
    )
    parser.add_argument(
        "--judge",
        metavar="NAME|URL",
        action="append",
        help="a judge to compare, may be given again (default: offline, hybrid, similarity)",
    )
    parser.add_argument(
        "--half",
        choices=("all", "tuning", "held_out"),
        default="held_out",
        help="which references: rules were tuned on one half only (default: held_out)",
    )
    parser.add_argument("--pairs", metavar="FILE", type=Path, help="other pairs in the form of the shipped ones (docs/formats.md)")
    parser.add_argument("--json", metavar="OUT", type=Path, help="write all figures, and each judge's value per pair")
    add_judge_options(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console
    from medgrpo.judging import AUTHOR, between, load_pairs, report_judge

    pairs = load_pairs(args.half, args.pairs)
    account = judge_account(args)
    judges = [_judged(args, name, pairs, account) for name in args.judge or (OFFLINE, HYBRID, SIMILARITY)]
    reports = [report_judge(pairs, judged) for judged in judges]
    both = between(pairs, judges)
    console = table_console()
    groups = len({pair.group for pair in pairs})
    whose = AUTHOR if args.pairs is None else str(args.pairs)
    console.print(f"{len(pairs)} pairs of {groups} references ({args.half}; {whose})", markup=False)
    _show(console, reports)
    for name, one in both.items():
        console.print(f"{name}: Pearson {_short(one.pearson)}, weighted kappa {_short(one.kappa)}", markup=False)
    if args.json is not None:
        told = {
            "half": args.half,
            "pairs": len(pairs),
            "author": whose,
            "judges": [report.model_dump() for report in reports],
            "between": {name: one.model_dump() for name, one in both.items()},
            "rows": [
                {
                    "reference": pair.pair.reference,
                    "caption": pair.pair.prediction,
                    "kind": pair.kind,
                    "grade": pair.grade,
                    "values": {judged.name: judged.values[number] for judged in judges},
                }
                for number, pair in enumerate(pairs)
            ],
        }
        write_text(args.json, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return 0


def _judged(args: argparse.Namespace, name: str, pairs: Sequence[GradedPair], account: Account) -> Judged:
    """The judge's values on 1..5."""
    import asyncio

    from medgrpo.judging import Judged, OfflineJudge, caption_parts, hybrid_reward
    from medgrpo.scoring import cosines, load_minilm
    from medgrpo.tasks import RubricKind

    asked = [pair.pair for pair in pairs]
    if name == SIMILARITY:
        alike = cosines([(pair.prediction, pair.reference) for pair in asked], load_minilm())
        return Judged(SIMILARITY, tuple(None if cosine is None else 1 + 4 * max(0.0, cosine) for cosine in alike))
    if name == HYBRID:
        parts = asyncio.run(caption_parts(asked, OfflineJudge(), load_minilm()))
        rewards = [hybrid_reward(part["similarity"], part["judge"]) for part in parts]
        return Judged(HYBRID, tuple(None if reward is None else 1 + 4 * reward for reward in rewards))
    judge = open_judge(args, name, RubricKind.COMPARATIVE, account)
    ratings = ask_judge(judge, asked)
    return Judged(judge.name, tuple(None if rating is None else rating.mean for rating in ratings))


def _show(console: Console, reports: Sequence[JudgeReport]) -> None:
    from rich.table import Table

    kinds = list(dict.fromkeys(kind for report in reports for kind in report.kinds))
    table = Table(title="against the expected grades; per kind the mean (1 to 5) and how often it stands below `right`")
    table.add_column("")
    for report in reports:
        table.add_column(report.judge, justify="right", overflow="fold")
    table.add_row(
        "scored", *(f"{report.expected.scored} of {report.expected.scored + report.expected.unscored}" for report in reports)
    )
    table.add_row("Pearson", *(_short(report.expected.pearson) for report in reports))
    table.add_row("weighted kappa", *(_short(report.expected.kappa) for report in reports))
    table.add_row("order", *(_short(report.expected.order) for report in reports), end_section=True)
    for kind in kinds:
        cells = [f"{_short(report.kinds[kind])} {_share(report.below_right.get(kind))}" for report in reports]
        table.add_row(kind, *cells)
    console.print(table)


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"({100 * value:.0f} %)"
