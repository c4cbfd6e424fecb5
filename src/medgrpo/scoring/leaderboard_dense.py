"""Dense captioning as the leaderboard scores it: many-to-many coverage in whole frames; what cannot be read is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, cast

from medgrpo.scoring.leaderboard_sources import dense_source
from medgrpo.scoring.leaderboard_temporal import frames_per_second
from medgrpo.scoring.records import Record
from medgrpo.scoring.verdict import SCORED, SKIPPED, Verdict

QA_TYPE = "dense_captioning"
KEYS = ("dvc_f1",)
THRESHOLDS = (0.3, 0.5, 0.7)
_HEADER = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)\s+seconds?:\s+")
_LONG_HEADER = re.compile(r"(?<!\d)" + _HEADER.pattern)
_WELL_FORMED = re.compile(r"^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?) seconds?: (\S.*)$", re.MULTILINE)
_WELL_BOUNDED = re.compile(r"^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?) seconds?: \S.*$", re.MULTILINE)
_NEXT = re.compile(r"\n\d+(?:\.\d+)?-\d+(?:\.\d+)?\s+seconds?:")
_LINE = re.compile(
    r"(?:\*\*Start Time:\*\*|Start\s*\(?Time\)?|Time\s*Range:|Time\s*Interval:|^)\s*(\d+\.?\d*)\s*[-–]\s*(\d+\.?\d*)"
    r"\s*seconds?.*?(?:\*\*Description:\*\*|-)\s*(.+?)$"
)
_LONG = 20_000

Segment = tuple[float, float, str]
Bounds = tuple[float, float]
Frames = tuple[int, int]


def parse_segments(text: str) -> list[Segment]:
    """(start, end, caption) in seconds as the evaluator reads them, before any flattening."""
    lines = _WELL_FORMED.findall(text)
    if len(lines) == text.count("\n") + 1:  # every line is an event: no need to look for where captions end
        found = [(float(start), float(end), caption.rstrip()) for start, end, caption in lines]
        if len({(start, end) for start, end, _ in found}) == len(found):
            return found
    return _parse_any(text)


def parse_bounds(text: str) -> list[Bounds]:
    """The same without the captions, which F1 has no use for."""
    lines = _WELL_BOUNDED.findall(text)
    if len(lines) == text.count("\n") + 1:
        found = [(float(start), float(end)) for start, end in lines]
        if len(set(found)) == len(found):
            return found
    return [(start, end) for start, end, _ in _parse_any(text)]


def _parse_any(text: str) -> list[Segment]:
    segments: list[Segment] = []
    seen: set[tuple[float, float]] = set()
    header = _HEADER if len(text) <= _LONG else _LONG_HEADER
    found = header.search(text)
    while found:
        following = _NEXT.search(text, found.end())
        end = following.start() if following else len(text)
        start_seconds, end_seconds = float(found[1]), float(found[2])
        if (start_seconds, end_seconds) not in seen:
            seen.add((start_seconds, end_seconds))
            segments.append((start_seconds, end_seconds, text[found.end() : end].strip().replace("\n", " ")))
        found = header.search(text, end)
    return segments or _parse_lines(text)


def _parse_lines(text: str) -> list[Segment]:
    if "second" not in text:
        return []
    return [
        (float(start), float(end), caption.strip().rstrip("."))
        for line in text.strip().split("\n")
        for start, end, caption in _LINE.findall(line)
    ]


def true_segments(struc_info: object) -> list[Mapping[str, Any]]:
    """The reference's segments that have start, end and caption, in any of the three forms."""
    items: object = struc_info
    if isinstance(struc_info, list) and struc_info:
        first = cast("list[object]", struc_info)[0]
        if isinstance(first, list):
            items = cast("object", first)
        elif isinstance(first, dict) and "dc_segments" in first:
            items = cast("dict[str, Any]", first)["dc_segments"]
    if not isinstance(items, list):
        return []
    held: list[Any] = items  # pyright: ignore[reportUnknownVariableType]
    return [item for item in held if isinstance(item, dict) and "start" in item and "end" in item and "caption" in item]


def flatten(segments: Sequence[Bounds]) -> Sequence[Bounds]:
    """Where any overlap: cut at every bound, the pieces that some segment covers (whose caption a piece has, F1 does not ask)."""
    before = -1.0
    for start, end in segments:
        if start < before or end < start:
            break
        before = end
    else:
        return segments  # in order already, as most answers are
    ordered = sorted(segments)
    if all(later[0] >= earlier[1] for earlier, later in pairwise(ordered)):
        return segments
    bounds = sorted({bound for segment in segments for bound in segment})
    return [(low, high) for low, high in pairwise(bounds) if any(start < high and end > low for start, end in segments)]


def _coverage(found: Sequence[Frames], true: Sequence[Frames]) -> tuple[list[float], list[float]]:
    """Each one's best IoU with the other side (`true` by start); the union is the smaller of hull and both lengths."""
    ordered = sorted([(low, high) if low <= high else (high, low) for low, high in true])
    per_true = [0.0] * len(true)
    per_found: list[float] = []
    for a0, a1 in found:
        if a0 > a1:
            a0, a1 = a1, a0
        best, index = 0.0, -1
        for b0, b1 in ordered:
            index += 1
            if b1 <= a0:
                continue
            if b0 >= a1:  # and so do all that follow
                break
            low, high = (a0, b0) if a0 < b0 else (b0, a0)
            end, hull = (a1, b1) if a1 < b1 else (b1, a1)
            if end <= high:
                continue
            hull -= low
            lengths = a1 - a0 + b1 - b0
            iou = (end - high) / ((hull if hull < lengths else lengths) + 1e-8)
            if iou > best:
                best = iou
            if iou > per_true[index]:
                per_true[index] = iou
        per_found.append(best)
    return per_found, per_true


def judge_pairs(segments: Sequence[Segment], true: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Per threshold the (predicted, true) captions that go to the judge; TypeError where bounds are not numbers."""
    pairs: dict[str, list[tuple[str, str]]] = {str(threshold): [] for threshold in THRESHOLDS}
    for start, end, caption in segments:
        best, reference = 0.0, None
        for item in true:
            t0, t1 = item["start"], item["end"]
            shared = max(0, min(end, t1) - max(start, t0))
            union = (end - start) + (t1 - t0) - shared
            iou = shared / union if union > 0 else 0.0
            if iou > best:
                best, reference = iou, item["caption"]
        for threshold in THRESHOLDS:
            if best >= threshold:
                pairs[str(threshold)].append((caption, reference or ""))
    return pairs


def judge(record: Record) -> Verdict:
    """One record; raises what the evaluator raises (TypeError, ValueError)."""
    fps = frames_per_second(record.metadata)
    if not isinstance(record.prediction, str):
        raise TypeError("the prediction is not text")
    found = parse_bounds(record.prediction)
    true = _true_frames(record.struc_info, fps)
    if not found or not true:
        return Verdict(SKIPPED, None, {}, "no segment in the answer" if true else "no segment in the reference", _with_segments)
    per_found, per_true = _coverage(_found_frames(found, fps), true)
    precision, recall = _mean_share(per_found), _mean_share(per_true)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    return Verdict(SCORED, f1, {"precision": precision, "recall": recall, "f1": f1}, "", with_frames)


def _true_frames(struc_info: object, fps: float) -> list[Frames]:
    """As of `true_segments`, in one pass where the reference is a plain list of whole segments."""
    reference: Any = struc_info
    items: list[Any] = reference if isinstance(reference, list) else []  # pyright: ignore[reportUnknownVariableType]
    if items and isinstance(items[0], dict) and "dc_segments" not in items[0]:
        with suppress(KeyError, TypeError, ValueError, OverflowError):  # an odd item: below, where it is left out or raises
            return [(int(float(item["start"]) * fps), int(float(item["end"]) * fps)) for item in items if "caption" in item]
    return [(int(float(item["start"]) * fps), int(float(item["end"]) * fps)) for item in true_segments(cast("object", reference))]


def _found_frames(found: Sequence[Bounds], fps: float) -> list[Frames]:
    return [(int(start * fps), int(end * fps)) for start, end in flatten(found)]


def _mean_share(best: Sequence[float]) -> float:
    """Mean over the three thresholds of the share that is strictly above; 0 for none."""
    if not best:
        return 0.0
    low = middle = high = 0
    for value in best:
        if value > 0.7:
            high += 1
        elif value > 0.5:
            middle += 1
        elif value > 0.3:
            low += 1
    middle += high
    low += middle
    count = len(best)
    return (low / count + middle / count + high / count) / 3


def with_frames(record: Record, parts: Mapping[str, Any]) -> dict[str, Any]:
    fps = frames_per_second(record.metadata)
    found, true = _found_frames(parse_bounds(cast("str", record.prediction)), fps), _true_frames(record.struc_info, fps)
    return _with_segments(record, {**parts, "pred_frames": found, "gt_frames": true})


def _with_segments(record: Record, parts: Mapping[str, Any]) -> dict[str, Any]:
    """With the segments read and the caption pairs that a judge would see; "error" where the judged step would raise."""
    segments = parse_segments(cast("str", record.prediction))
    try:
        pairs: object = judge_pairs(segments, true_segments(record.struc_info))
    except TypeError:
        pairs = "error"
    return {**parts, "pred_segments": segments, "judge_pairs": pairs}


def summarise(records: Sequence[Record], verdicts: Sequence[Verdict]) -> tuple[dict[str, float], dict[str, Any]]:
    """The metric, and per source the means over the records that count, with both numbers of records."""
    groups: dict[str, list[Verdict]] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        groups.setdefault(dense_source(record), []).append(verdict)
    per_source: dict[str, Any] = {}
    for source, members in groups.items():
        counted = [verdict.parts for verdict in members if verdict.status == SCORED]
        means = {
            name: sum(parts[name] for parts in counted) / len(counted) if counted else 0.0 for name in ("f1", "precision", "recall")
        }
        per_source[source] = {**means, "count": len(members), "f1_samples": len(counted)}
    total = sum(values["f1"] * values["count"] for values in per_source.values())
    return {KEYS[0]: total / len(records)}, per_source
