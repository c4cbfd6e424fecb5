"""stg as the leaderboard scores it: a missing box is the one before it, and time plays no part beyond the look-up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from medgrpo.scoring.leaderboard_temporal import frames_per_second
from medgrpo.scoring.records import Record
from medgrpo.scoring.verdict import SCORED, SKIPPED, Verdict

QA_TYPE = "stg"
KEYS = ("stg_miou",)
_ENTRY = re.compile(r"(\d+(?:\.\d+)?)\s+seconds:\s*\[([^\]]+)\]")
_LONG_ENTRY = re.compile(r"(?<!\d)" + _ENTRY.pattern)
_BARE = re.compile(r"\[\[([\d\s,]+)\]\]")
_LONG = 20_000
_NUMBER = (int, float)
_NOWHERE = (0.0, 0.0, 0.0, 0.0)

Corners = tuple[float, float, float, float]


def parse_boxes(text: str) -> dict[str, Corners] | list[Corners]:
    """Boxes by time as the evaluator keys them, or a list where only bare `[[...]]` boxes were found."""
    entries = (_ENTRY if len(text) <= _LONG else _LONG_ENTRY).findall(text)
    if entries:
        boxes: dict[str, Corners] = {}
        last: Corners | None = None
        for time, content in entries:
            try:
                x0, y0, x1, y1 = map(_number, content.split(","))
                last = (x0, y0, x1, y1)
            except ValueError:  # not four, or not all numbers as they stand
                last = _corners(content) or last
            if last is not None:
                boxes[_found_key(time)] = last
        return boxes
    return [box for content in _BARE.findall(text) if (box := _whole_corners(content)) is not None] if "[[" in text else []


_number = lru_cache(maxsize=4096)(float)
"""Coordinates are whole pixels, which come again and again."""


@lru_cache(maxsize=65536)
def _found_key(time: str) -> str:
    return str(float(time))


@lru_cache(maxsize=65536)
def _true_key(time: str) -> str:
    return f"{float(time):.1f}"


def _corners(content: str) -> Corners | None:
    pieces = content.split(",")
    if len(pieces) != 4:
        return None
    try:
        if "[" in content:
            pieces = [piece.strip().lstrip("[") for piece in pieces]
        x0, y0, x1, y1 = map(float, pieces)
    except ValueError:
        return None
    return (x0, y0, x1, y1)


def _whole_corners(content: str) -> Corners | None:
    pieces = content.split(",")
    if len(pieces) != 4:
        return None
    try:
        x0, y0, x1, y1 = (int(piece) for piece in pieces)
    except ValueError:
        return None
    return (x0, y0, x1, y1)


def true_boxes(struc_info: object) -> Mapping[str, object]:
    """Boxes by time as they are stored: of the first item only."""
    first: object = struc_info
    if isinstance(struc_info, list):
        items = cast("list[object]", struc_info)
        first = items[0] if items else {}
    if not isinstance(first, dict):
        return {}
    values = cast("dict[str, Any]", first)
    boxes = values.get("bbox_dict", values)
    return cast("Mapping[str, object]", boxes) if isinstance(boxes, dict) else {}


def box_iou(first: Corners, second: Corners) -> float:
    """Overlap over union with signed areas; a union below 1e-6 counts as that."""
    a0, a1, a2, a3 = first
    b0, b1, b2, b3 = second
    width = (a2 if a2 < b2 else b2) - (a0 if a0 > b0 else b0)
    height = (a3 if a3 < b3 else b3) - (a1 if a1 > b1 else b1)
    shared = width * height if width > 0 and height > 0 else 0.0
    union = (a2 - a0) * (a3 - a1) + (b2 - b0) * (b3 - b1) - shared
    return shared / (1e-6 if union < 1e-6 else union) if union == union else union  # not a number stays so


def judge(record: Record) -> Verdict:
    """One record; raises what the evaluator raises (TypeError, ValueError)."""
    frames_per_second(record.metadata)
    if not isinstance(record.prediction, str):
        raise TypeError("the prediction is not text")
    boxes = parse_boxes(record.prediction)
    true = true_boxes(record.struc_info)
    by_time = dict(zip(true, boxes, strict=False)) if isinstance(boxes, list) else boxes
    total, count, used = 0.0, 0, _NOWHERE
    truth: Any
    for place, (time, truth) in enumerate(true.items()):
        box = by_time.get(_true_key(time), _NOWHERE)
        if not place or box != _NOWHERE:
            used = box
        if type(truth) is list and len(truth) == 4:  # pyright: ignore[reportUnknownArgumentType]
            b0, b1, b2, b3 = truth  # pyright: ignore[reportUnknownVariableType]
            if isinstance(b0, _NUMBER) and isinstance(b1, _NUMBER) and isinstance(b2, _NUMBER) and isinstance(b3, _NUMBER):
                total += box_iou(used, (b0, b1, b2, b3))
                count += 1
    if not count:
        return Verdict(SKIPPED, None, {}, "no reference box can be used", with_boxes)
    return Verdict(SCORED, total / count, {"miou": total / count}, "", with_boxes)


def with_boxes(record: Record, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {**parts, "pred_boxes": parse_boxes(cast("str", record.prediction))}


def summarise(records: Sequence[Record], verdicts: Sequence[Verdict]) -> tuple[dict[str, float], dict[str, Any]]:
    """The metric, and per source its mean (None when all were skipped) and counts."""
    sums: dict[str, list[float]] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        sums.setdefault(record.data_source, [])
        if verdict.status == SCORED and verdict.score is not None:
            sums[record.data_source].append(verdict.score)
    totals: dict[str, int] = {}
    for record in records:
        totals[record.data_source] = totals.get(record.data_source, 0) + 1
    per_source = {
        source: {"miou": sum(values) / len(values) if values else None, "scored": len(values), "total": totals[source]}
        for source, values in sums.items()
    }
    everything = [value for values in sums.values() for value in values]
    return {KEYS[0]: sum(everything) / len(everything) if everything else 0.0}, per_source
