"""The tables that `medgrpo evaluate score` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from medgrpo.cli.tables import table_console

_WHOSE = (
    "both columns are of these answers, by the official evaluator: `as the board shows it` to three decimals, 0 where absent; no "
    "figure here is another's. The strict protocol scores otherwise: its figures are not comparable with these, nor with what "
    "others published"
)


def show_scores(result: Mapping[str, Any]) -> None:
    """What was asked for: one table per protocol."""
    console = table_console()
    by_protocol = result if "summary" not in result else {result["summary"]["protocol"]: result}
    for protocol, values in by_protocol.items():
        (_show_leaderboard if protocol == "leaderboard" else _show_strict)(console, values["summary"])


def _show_leaderboard(console: Console, summary: Mapping[str, Any]) -> None:
    table = Table(title=f"leaderboard: {_counts(summary['counts'])}")
    for heading in ("metric", "value", "as the board shows it"):
        table.add_column(heading, justify="left" if heading == "metric" else "right")
    shown: dict[str, float] = summary["published"] or {}
    for key, figure in shown.items():
        value = summary["metrics"].get(key)
        table.add_row(key, "absent" if value is None else f"{value:.4f}", f"{figure:.3f}")
    _print(console, table)
    if shown:
        console.print(_WHOSE)
    if not summary["metrics"]:
        console.print("no metric at all: the board would reject this")
    for task, reason in summary["failed"].items():
        console.print(f"{task} has no figure: {reason}", markup=False)
    console.print(f"captions: {summary['captions']}; answers that cannot be read, misses and extras are mostly free here")


def _show_strict(console: Console, summary: Mapping[str, Any]) -> None:
    table = Table(title=f"strict: {_counts(summary['counts'])}")
    beside = ("95 %", "const.", "random")
    for number, heading in enumerate(("task, source", "all", "unread", "unsc.", "pooled", *beside, "macro", *beside)):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for name, task in summary["tasks"].items():
        sources: Mapping[str, Any] = task["sources"]
        rows = {f"{name}, {next(iter(sources))}" if len(sources) == 1 else name: task["all"]}
        rows |= {f"  {source}": figure for source, figure in sources.items()} if len(sources) > 1 else {}
        for number, (label, figure) in enumerate(rows.items(), 1):
            counts = (figure["records"], figure["unparsed"], figure["unscored"] + figure["broken"])
            figures = (*_cells(figure["pooled"]), *_cells(figure["macro"]))
            table.add_row(label, *map(str, counts), *figures, end_section=number == len(rows))
    _print(console, table)
    console.print(
        "unread: the answer cannot be read and is wrong; unsc.: nothing could be scored, left out; 95 %: bootstrap over videos; "
        "const.: the best constant answer; random: the reference of another record"
    )


def _print(console: Console, table: Table) -> None:
    """The title alone where no row is there: an empty frame says nothing."""
    console.print(table if table.row_count else table.title)


def counted(count: int, what: str) -> str:
    """`1 record`, `2 records`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _cells(figure: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if figure is None:
        return ("-", "", "", "")
    interval = figure["ci95"]
    between = "" if interval is None else f"{_short(interval[0])}-{_short(interval[1])}"
    return (_short(figure["value"]), between, _short(figure["majority"]), _short(figure["random"]))


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}".removeprefix("0")


def _counts(counts: Mapping[str, int]) -> str:
    others = ", ".join(f"{number} {status}" for status, number in counts.items() if status != "records")
    return f"{counted(counts['records'], 'record')} ({others})"
