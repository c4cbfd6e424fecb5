"""`medgrpo evaluate grounding`: count the statements of an analysis that rest on evidence."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "grounding",
        help="count the statements of an analysis that rest on evidence and sources",
        description="Check every statement of an analysis (findings, alerts, forecasts, thoughts): do its evidence times exist "
        "among the looks, do its citations exist in the procedure, how many did the checkers refuse, and, for a simulated case, "
        "how many does the truth contradict. Exit code 1 when any statement lacks evidence.",
    )
    parser.add_argument("analysis", metavar="ANALYSIS_DIR", type=Path, help="what `medgrpo analyze` wrote (or its analysis.jsonl)")
    parser.add_argument("--truth", metavar="CASE_DIR", type=Path, help="the folder of the simulated case that was analysed")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all counts to this file")
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from rich.table import Table

    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console
    from medgrpo.evaluation import measure_grounding, read_case_truth

    truth = None if args.truth is None else read_case_truth(args.truth)
    grounding = measure_grounding(args.analysis, truth)
    columns = ["made", "with evidence", "without", "abstained", "need a source", "have one", "unknown source"]
    table = Table(title=f"{args.analysis}: {grounding.looks} looks, {grounding.duration_seconds:.0f} s")
    for name in ("kind", *columns, *(["contradicted"] if truth is not None else [])):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for kind, one in grounding.kinds.items():
        row = (one.made, one.with_evidence, one.without_evidence, one.abstained, one.need_citation, one.with_citation)
        cells = [*row, one.unknown_citation, *([one.contradicted] if truth is not None else [])]
        table.add_row(kind.replace("_", " "), *map(str, cells))
    console = table_console()
    console.print(table)
    shares = {"statements with evidence": grounding.grounded_share, "sources that exist": grounding.cited_share}
    console.print(", ".join(f"{name} {'-' if share is None else f'{100 * share:.1f} %'}" for name, share in shares.items()))
    refused = ", ".join(f"{decision} {count}" for decision, count in sorted(grounding.refused.items()))
    console.print(f"refused by the checker: {refused or 'none'}")
    if grounding.language is not None:
        console.print("language model: " + ", ".join(f"{name} {value}" for name, value in grounding.language.items()))
    for fault in grounding.faults:
        console.print(f"- {fault}", markup=False)
    if args.json is not None:
        write_text(args.json, json.dumps(grounding.as_json(), indent=1) + "\n")
    return 1 if grounding.without_evidence else 0
