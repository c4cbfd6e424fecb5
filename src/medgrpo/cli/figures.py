"""The table that `medgrpo evaluate perception` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from medgrpo.cli.tables import table_console

_ROWS = ("instrument", "verb", "target", "triplet", "phase")


def show_figures(summary: Mapping[str, Any]) -> None:
    """Mean average precision beside chance, with positives; then calibration, boxes, and what was not assessed."""
    console = table_console()
    table = Table(title=f"{', '.join(summary['videos'])}: {summary['frames']} frames, {summary['model']}")
    for column in ("component", "mAP", "base rate", "positives"):
        table.add_column(column, justify="left" if column == "component" else "right")
    for row in _ROWS:
        table.add_row(row, _number(summary[f"{row}_map"]), _number(summary[f"{row}_base_rate"]), str(summary[f"{row}_positives"]))
    table.add_row("instrument tips, AP50", _number(summary["tip_ap50"]), "", str(summary["tip_positives"]))
    console.print(table)
    error, accuracy = _number(summary["instrument_ece"]), _number(summary["phase_accuracy"])
    console.print(f"instrument calibration error (ECE) {error}, phase accuracy {accuracy}")
    for reason, count in summary["not_assessed"].items():
        console.print(f"not assessed in {count} frames (scored 0): {reason}")
    if summary["trained_on"]:
        console.print(
            f"[bold]The model was trained on {', '.join(summary['trained_on'])}: these figures say nothing about new operations.[/]"
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
