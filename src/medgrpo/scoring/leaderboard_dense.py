"""Dense captioning as the leaderboard scores it: many-to-many coverage in whole frames; what cannot be read is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
_NEXT = re.compile(r"\n\d+(?:\.\d+)?-\d+(?:\.\d+)?\s+seconds?:")
_LINE = re.compile(
    r"(?:\*\*Start Time:\*\*|Start\s*\(?Time\)?|Time\s*Range:|Time\s*Interval:|^)\s*(\d+\.?\d*)\s*[-–]\s*(\d+\.?\d*)"
    r"\s*seconds?.*?(?:\*\*Description:\*\*|-)\s*(.+?)$"
)
_LONG = 20_000

Segment = tuple[float, float, str]
Frames = tuple[int, int]


def parse_segments(text: str) -> list[Segment]:
    """(start, end, caption) in seconds as the evaluator reads them, before any flattening."""
    lines = _WELL_FORMED.findall(text)
    if len(lines) == text.count("\n") + 1:  # every line is an event: no need to look for where captions end
        found = [(float(start), float(end), caption.rstrip()) for start, end, caption in lines]
        if len({(start, end) for start, end, _ in found}) == len(found):
            return found
    return _parse_any(text)


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


def flatten(segments: Sequence[Segment]) -> Sequence[Segment]:
    """Where any overlap: cut at every bound, each piece with the caption of its longest segment (first on ties)."""
    before = float("-inf")
    for start, end, _ in segments:
        if start < before or end < start:
            break
        before = end
    else:
        return segments  # in order already, as most answers are
    ordered = sorted((start, end) for start, end, _ in segments)
    if all(later[0] >= earlier[1] for earlier, later in pairwise(ordered)):
        return segments
    bounds = sorted({bound for start, end, _ in segments for bound in (start, end)})
    pieces: list[Segment] = []
    for low, high in pairwise(bounds):
        covering = [segment for segment in segments if segment[0] < high and segment[1] > low]
        if covering:
            pieces.append((low, high, max(covering, key=lambda segment: segment[1] - segment[0])[2]))
    return pieces


def _coverage(found: Sequence[Frames], true: Sequence[Frames]) -> tuple[list[float], list[float]]:
    """Each one's best IoU with the other side, intervals put in order; the union is the smaller of hull and both lengths."""
    ordered = [(low, high) if low <= high else (high, low) for low, high in true]
    per_true = [0.0] * len(true)
    per_found: list[float] = []
    for low, high in found:
        a0, a1 = (low, high) if low <= high else (high, low)
        best = 0.0
        for index, (b0, b1) in enumerate(ordered):
            shared = (a1 if a1 < b1 else b1) - (a0 if a0 > b0 else b0)
            if shared <= 0:
                continue
            hull = (a1 if a1 > b1 else b1) - (a0 if a0 < b0 else b0)
            lengths = a1 - a0 + b1 - b0
            iou = shared / ((hull if hull < lengths else lengths) + 1e-8)
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
    segments = parse_segments(record.prediction)
    true = true_segments(record.struc_info)
    true_frames = [(int(float(item["start"]) * fps), int(float(item["end"]) * fps)) for item in true]
    parts: dict[str, Any] = {"pred_segments": segments}
    if not segments or not true:
        return Verdict(SKIPPED, None, parts, "no segment in the answer" if true else "no segment in the reference")
    frames = [(int(start * fps), int(end * fps)) for start, end, _ in flatten(segments)]
    per_found, per_true = _coverage(frames, true_frames)
    precision, recall = _mean_share(per_found), _mean_share(per_true)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0
    measured = {"precision": precision, "recall": recall, "f1": f1, "pred_frames": frames, "gt_frames": true_frames}
    return Verdict(SCORED, f1, {**measured, **parts})


def _mean_share(best: Sequence[float]) -> float:
    """Mean over the three thresholds of the share that is strictly above; 0 for none."""
    if not best:
        return 0.0
    low = middle = high = 0
    for value in best:
        if value > 0.3:
            low += 1
            if value > 0.5:
                middle += 1
                if value > 0.7:
                    high += 1
    count = len(best)
    return (low / count + middle / count + high / count) / 3


def with_judge_pairs(record: Record, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a record's verdict with the caption pairs that a judge would see; "error" where the judged step would raise."""
    try:
        pairs: object = judge_pairs(parts["pred_segments"], true_segments(record.struc_info))
    except TypeError:
        pairs = "error"
    return {**parts, "judge_pairs": pairs}


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
