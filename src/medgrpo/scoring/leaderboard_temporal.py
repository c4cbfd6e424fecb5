"""tal as the leaderboard scores it: spans matched greedily in the order of the truth; misses and extras cost nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from medgrpo.scoring.records import Record
from medgrpo.scoring.verdict import SCORED, Verdict

QA_TYPE = "tal"
KEYS = ("tag_miou_03", "tag_miou_05")
_NUMBER = r"(\d+(?:\.\d+)?)"
_HYPHEN = re.compile(rf"{_NUMBER}\s*-\s*{_NUMBER}")
_TO = re.compile(rf"{_NUMBER}(?:s| seconds?)?\s*to\s*{_NUMBER}", re.IGNORECASE)
_CLOCK = re.compile(r"(\d+):(\d+):(\d+)\s+to\s+(\d+):(\d+):(\d+)", re.IGNORECASE)
_LONG = 4000
"""Beyond this many characters a start in the middle of a run of digits is ruled out first: the same matches, in linear time."""
_LONG_HYPHEN = re.compile(r"(?<!\d)" + _HYPHEN.pattern)
_LONG_TO = re.compile(r"(?<!\d)" + _TO.pattern, re.IGNORECASE)
_LONG_CLOCK = re.compile(r"(?<!\d)" + _CLOCK.pattern, re.IGNORECASE)

Pair = tuple[float, float]


def parse_spans(text: str) -> list[Pair]:
    """(start, end) in seconds as the evaluator reads them: hyphens first; `to` and clock ranges only where there are none."""
    short = len(text) <= _LONG
    if "-" in text:
        found = (_HYPHEN if short else _LONG_HYPHEN).findall(text)
        if found:
            return [(float(start), float(end)) for start, end in found]
    spans = [(round(float(start), 2), round(float(end), 2)) for start, end in (_TO if short else _LONG_TO).findall(text)]
    if ":" in text:
        for clock in (_CLOCK if short else _LONG_CLOCK).findall(text):
            h0, m0, s0, h1, m1, s1 = map(int, clock)
            spans.append((float(h0 * 3600 + m0 * 60 + s0), float(h1 * 3600 + m1 * 60 + s1)))
    return spans


def frames_per_second(metadata: Mapping[str, Any]) -> float:
    """`fps` as a number, 1.0 where it is absent; ValueError or TypeError where it is not a number, as upstream."""
    return float(metadata.get("fps", 1.0))


def _true_spans(struc_info: object, fps: float) -> list[Pair]:
    if not isinstance(struc_info, list):
        return []
    items: list[Any] = struc_info  # pyright: ignore[reportUnknownVariableType]
    true: list[Pair] = []
    for item in items:
        if "spans" in item:
            for span in item["spans"]:
                true.append((span["start"] * fps, span["end"] * fps))  # noqa: PERF401
    return true


def _iou(found: Pair, true: Pair) -> float:
    f0, f1 = found
    t0, t1 = true
    extent = (f1 if f1 > t1 else t1) - (f0 if f0 < t0 else t0)
    shared = (f1 if f1 < t1 else t1) - (f0 if f0 > t0 else t0)
    return shared / extent if shared > 0 and extent > 0 else 0.0


def _accepted(table: Sequence[Sequence[float]], threshold: float) -> tuple[float, float]:
    """The mean over the accepted pairs and the least of them, 0 and 1 for none. `table`: one row per true span, IoU with every
    prediction; greedy in row order."""
    taken: set[int] = set()
    total, least, accepted = 0.0, 1.0, 0
    for row in table:
        best, place = 0.0, -1
        for index, value in enumerate(row):
            if value > best and index not in taken:
                best, place = value, index
        if place >= 0 and best >= threshold:
            taken.add(place)
            total += best
            accepted += 1
            if best < least:
                least = best
    return (total / accepted if accepted else 0.0), least


def judge(record: Record) -> Verdict:
    """One record; raises what the evaluator raises (TypeError, KeyError, ValueError)."""
    fps = frames_per_second(record.metadata)
    if not isinstance(record.prediction, str):
        raise TypeError("the prediction is not text")
    spans = parse_spans(record.prediction)
    true = _true_spans(record.struc_info, fps)
    scaled = [(start * fps, end * fps) for start, end in spans]
    if len(true) == 1:  # most records: the best prediction, if it is good enough
        best = 0.0
        t0, t1 = true[0]
        for f0, f1 in scaled:
            extent = (f1 if f1 > t1 else t1) - (f0 if f0 < t0 else t0)
            shared = (f1 if f1 < t1 else t1) - (f0 if f0 > t0 else t0)
            if shared > 0 and extent > 0 and shared / extent > best:
                best = shared / extent
        at_03, at_05 = best if best >= 0.3 else 0.0, best if best >= 0.5 else 0.0
    else:
        table = [[_iou(found, span) for found in scaled] for span in true]
        at_03, least = _accepted(table, 0.3)
        at_05 = at_03 if least >= 0.5 else _accepted(table, 0.5)[0]
    return Verdict(SCORED, at_03, {"miou_03": at_03, "miou_05": at_05}, "", _with_spans)


def _with_spans(record: Record, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {**parts, "pred_spans": parse_spans(cast("str", record.prediction))}


def summarise(records: Sequence[Record], verdicts: Sequence[Verdict]) -> tuple[dict[str, float], dict[str, Any]]:
    """Metrics, and per source and fps the count and both means."""
    groups: dict[tuple[str, float], list[float]] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        key = (record.data_source, frames_per_second(record.metadata))
        sums = groups.get(key)
        if sums is None:
            sums = groups[key] = [0, 0.0, 0.0]
        sums[0] += 1
        sums[1] += verdict.parts["miou_03"]
        sums[2] += verdict.parts["miou_05"]
    per_source: dict[str, Any] = {}
    for (source, fps), (count, at_03, at_05) in groups.items():
        by_fps = per_source.setdefault(source, {"by_fps": {}})["by_fps"]
        by_fps[str(fps)] = {"count": count, "miou_03": at_03 / count, "miou_05": at_05 / count}
    totals = (sum(sums[place] for sums in groups.values()) for place in (1, 2))
    return {key: total / len(records) for key, total in zip(KEYS, totals, strict=True)}, per_source
