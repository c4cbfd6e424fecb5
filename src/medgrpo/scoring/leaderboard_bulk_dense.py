"""Usual dense captioning records many at a time: the arithmetic of `leaderboard_dense.judge` in array operations, bit for bit.

Usual is: every line an event, in order of time, without overlap; a plain reference; whole frames below 2^50. Every other record
goes to the definition, `judge`. Arrays hold frames as float64, whose arithmetic on such whole numbers is exact, as that of int is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from medgrpo.scoring import leaderboard_dense as dense
from medgrpo.scoring.leaderboard_temporal import frames_per_second
from medgrpo.scoring.records import Record
from medgrpo.scoring.verdict import SCORED, Verdict

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_EVENT = re.compile(r"^([0-9]+(?:\.[0-9]+)?)-([0-9]+(?:\.[0-9]+)?) seconds?: \S.*$", re.MULTILINE)
_MOST_PAIRS = 400
"""Of segments, per record: bounds the memory."""
_EXACT = 2.0**50
_RAISES = (TypeError, KeyError, ValueError, AttributeError, OverflowError)


def usual_events(records: Sequence[Record]) -> list[Verdict | None]:
    """Verdicts of the usual records, None for the others."""
    verdicts: list[Verdict | None] = [None] * len(records)
    places: list[int] = []
    rates: list[float] = []
    texts: list[tuple[str, str]] = []
    true: list[float] = []
    counts: list[tuple[int, int]] = []
    for place, record in enumerate(records):
        read = _read(record)
        if read is not None:
            fps, lines, bounds = read
            places.append(place)
            rates.append(fps)
            texts += lines
            true += bounds
            counts.append((len(lines), len(bounds) // 2))
    if not places:
        return verdicts
    value_of = {text: float(text) for text in set(chain.from_iterable(texts))}  # times come again and again
    found = np.array([value_of[bound] for pair in texts for bound in pair]).reshape(-1, 2)
    sizes = np.array(counts, np.intp)
    fps = np.array(rates)
    first_found, first_true = (np.concatenate(([0], np.cumsum(size)[:-1])) for size in sizes.T)
    usual = _in_order(found, first_found)
    found_frames = _frames(found, fps, sizes[:, 0])
    true_frames = _frames(np.array(true).reshape(-1, 2), fps, sizes[:, 1])
    usual &= _plain(found_frames, first_found) & _plain(true_frames, first_true)
    per_found, per_true = _coverage(found_frames, true_frames, first_true, sizes)
    precision = _mean_share(per_found, first_found, sizes[:, 0])
    recall = _mean_share(per_true, first_true, sizes[:, 1])
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    for place, good, p, r, f in zip(places, usual.tolist(), precision.tolist(), recall.tolist(), f1.tolist(), strict=True):
        if good:
            verdicts[place] = Verdict(SCORED, f, {"precision": p, "recall": r, "f1": f}, "", dense.with_frames)
    return verdicts


def _read(record: Record) -> tuple[float, list[tuple[str, str]], list[float]] | None:
    """Frames per second, (start, end) of each line as text, and start and end of each true segment one after the other."""
    text, reference = record.prediction, record.struc_info
    if not isinstance(text, str) or not isinstance(reference, list) or not reference:
        return None
    lines = _EVENT.findall(text)
    items = cast("list[Any]", reference)
    if len(lines) != text.count("\n") + 1 or not isinstance(items[0], dict) or "dc_segments" in items[0]:
        return None
    try:
        fps = frames_per_second(record.metadata)
        bounds: list[float] = []
        for item in items:
            if "caption" in item:
                bounds += (float(item["start"]), float(item["end"]))
    except _RAISES:
        return None
    return (fps, lines, bounds) if fps > 0 and bounds and len(lines) * len(bounds) <= 2 * _MOST_PAIRS else None


def _in_order(found: Floats, first: Places) -> NDArray[np.bool_]:
    """(records,): each segment has a length and begins when the one before it is over, or later."""
    wrong = found[:, 1] <= found[:, 0]
    early = found[1:, 0] < found[:-1, 1]
    wrong[1:] |= early
    wrong[first] = found[first, 1] <= found[first, 0]
    return ~np.logical_or.reduceat(wrong, first)


def _frames(seconds: Floats, fps: Floats, sizes: Places) -> Floats:
    """(segments, 2): whole frames, cut off towards 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.trunc(seconds * np.repeat(fps, sizes)[:, None])


def _plain(frames: Floats, first: Places) -> NDArray[np.bool_]:
    """(records,): all finite, small enough to be exact, start before end."""
    fine = (np.abs(frames) < _EXACT).all(1) & (frames[:, 0] <= frames[:, 1])
    return np.logical_and.reduceat(fine, first)


def _coverage(found: Floats, true: Floats, first_true: Places, sizes: Places) -> tuple[Floats, Floats]:
    """Each segment's best IoU with the other side of its record: (found,), (true,)."""
    width = np.repeat(sizes[:, 1], sizes[:, 0])
    begin = np.concatenate(([0], np.cumsum(width)[:-1]))
    one = np.repeat(np.arange(len(found)), width)
    other = np.arange(len(one)) + np.repeat(np.repeat(first_true, sizes[:, 0]) - begin, width)
    a0, a1 = found[:, 0][one], found[:, 1][one]
    b0, b1 = true[:, 0][other], true[:, 1][other]
    with np.errstate(invalid="ignore", over="ignore"):
        shared = np.minimum(a1, b1) - np.maximum(a0, b0)
        near = np.flatnonzero(shared > 0)
        a0, a1, b0, b1, shared = a0[near], a1[near], b0[near], b1[near], shared[near]
        hull = np.maximum(a1, b1) - np.minimum(a0, b0)
        iou = shared / (np.minimum(hull, a1 - a0 + b1 - b0) + 1e-8)
    per_found, per_true = np.zeros(len(found)), np.zeros(len(true))
    np.maximum.at(per_found, one[near], iou)
    np.maximum.at(per_true, other[near], iou)
    return per_found, per_true


def _mean_share(best: Floats, first: Places, sizes: Places) -> Floats:
    """(records,): mean over the three thresholds of the share that is strictly above."""
    low, middle, high = (np.add.reduceat(best > threshold, first, dtype=np.intp) / sizes for threshold in dense.THRESHOLDS)
    return (low + middle + high) / 3
