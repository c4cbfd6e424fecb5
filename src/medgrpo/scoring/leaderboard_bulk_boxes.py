"""Usual stg records many at a time: the arithmetic of `leaderboard_boxes.judge` in array operations, bit for bit.

Usual is: ASCII text whose every bracket is a box of four whole numbers, at the reference's times in the reference's order, none of
them all zeros (which would copy the box before it). Every other record goes to the definition, `judge`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np

from medgrpo.scoring.leaderboard_boxes import with_boxes
from medgrpo.scoring.leaderboard_temporal import frames_per_second
from medgrpo.scoring.records import Record
from medgrpo.scoring.verdict import SCORED, Verdict

_ENTRY = re.compile(r"([0-9]+\.[0-9]) seconds: \[([0-9]+, [0-9]+, [0-9]+, [0-9]+)\]")
_NUMBERS = frozenset((int, float))
_EXACT = 2.0**25
"""Products of differences of smaller whole numbers are exact in float64, as they are in int."""


def usual_boxes(records: Sequence[Record]) -> list[Verdict | None]:
    """Verdicts of the usual records, None for the others."""
    verdicts: list[Verdict | None] = [None] * len(records)
    places: list[int] = []
    counts: list[int] = []
    contents: list[str] = []
    corners: list[float] = []
    for place, record in enumerate(records):
        read = _read(record)
        if read is not None:
            places.append(place)
            counts.append(len(read[0]))
            contents += read[0]
            corners += read[1]
    if not places:
        return verdicts
    pieces = ", ".join(contents).split(", ")
    value_of = {piece: float(piece) for piece in set(pieces)}  # whole pixels come again and again
    found = np.array([value_of[piece] for piece in pieces]).reshape(-1, 4)
    try:
        true = np.fromiter(corners, np.float64, len(corners)).reshape(-1, 4)
    except OverflowError:  # a whole number beyond any float
        return verdicts
    own = np.repeat(np.arange(len(places)), counts)
    fine = (found < _EXACT).all(1) & found.any(1) & (np.abs(true) < _EXACT).all(1)
    usual = np.bincount(own, ~fine) == 0
    found[~fine] = true[~fine] = 0.0
    a0, a1, a2, a3 = found.T
    b0, b1, b2, b3 = true.T
    width, height = np.minimum(a2, b2) - np.maximum(a0, b0), np.minimum(a3, b3) - np.maximum(a1, b1)
    shared = np.where((width > 0) & (height > 0), width * height, 0.0)
    union = (a2 - a0) * (a3 - a1) + (b2 - b0) * (b3 - b1) - shared
    total = np.bincount(own, shared / np.maximum(union, 1e-6))  # adds in order, as the definition does
    for place, good, mean in zip(places, usual.tolist(), (total / np.array(counts)).tolist(), strict=True):
        if good:
            verdicts[place] = Verdict(SCORED, mean, {"miou": mean}, "", with_boxes)
    return verdicts


def _read(record: Record) -> tuple[list[str], list[Any]] | None:
    """What stands in each bracket of the answer, and the corners of the true boxes, in the same order."""
    text, reference = record.prediction, record.struc_info
    if not isinstance(text, str) or not isinstance(reference, list) or not reference or not text.isascii():
        return None
    first = cast("list[Any]", reference)[0]
    boxes: Any = cast("dict[str, Any]", first).get("bbox_dict") if isinstance(first, dict) else None
    if not isinstance(boxes, dict):
        return None
    truth = cast("dict[str, Any]", boxes)
    entries = _ENTRY.findall(text)
    if not entries or text.count("[") != len(entries) or [time for time, _ in entries] != list(truth):
        return None
    if not all(map(_is_key, truth)):
        return None
    corners: list[Any] = []
    for box in truth.values():
        if type(box) is not list or len(box) != 4:  # pyright: ignore[reportUnknownArgumentType]
            return None
        corners += box
    try:
        frames_per_second(record.metadata)
    except (TypeError, ValueError, OverflowError):
        return None
    return ([content for _, content in entries], corners) if _NUMBERS.issuperset(map(type, corners)) else None


@lru_cache(maxsize=4096)
def _is_key(time: str) -> bool:
    """Whether both sides file this time under its own text, so that no two times can meet there."""
    return str(float(time)) == time == f"{float(time):.1f}"
