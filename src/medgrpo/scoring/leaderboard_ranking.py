"""The order of models on the board: mean dense rank over the ten published figures, with its four tie-breakers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = (
    "cvs_acc", "nap_acc", "sa_acc", "stg_miou", "tag_miou_03", "tag_miou_05", "dvc_f1", "dvc_llm", "vs_llm", "rc_llm",
)  # fmt: skip
"""The ten columns of the board."""


def rank_models(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Model names, best first. A row holds `model_name` and the ten columns, None where a figure is missing.

    Dense ranks per column (missing last), then in turn: mean rank, number of first places, sum of ranks, sum of value over the
    column's best, name.
    """
    ranks: list[list[int]] = [[] for _ in rows]
    parts = [0.0] * len(rows)
    for column in COLUMNS:
        values = [_number(row.get(column)) for row in rows]
        known = sorted({value for value in values if value is not None}, reverse=True)
        place = {value: number for number, value in enumerate(known, 1)}
        best = known[0] if known else 0.0
        for index, value in enumerate(values):
            ranks[index].append(len(known) + 1 if value is None else place[value])
            parts[index] += value / best if value is not None and best > 0 else 0.0
    keys = [
        (sum(own) / len(own), -sum(rank == 1 for rank in own), sum(own), -parts[index], str(rows[index].get("model_name", "")))
        for index, own in enumerate(ranks)
    ]
    return [str(rows[index].get("model_name", "")) for index in sorted(range(len(rows)), key=keys.__getitem__)]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None
