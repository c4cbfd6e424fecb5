"""Spatio-temporal grounding (MedVidBench `stg`): where is an object at each asked time?"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.reading import MAX_CHARACTERS, as_json, finite, number_text, plain
from medgrpo.tasks.task import TaskCard

_N = r"([-+]?\d+(?:\.\d+)?)"
_ENTRY = re.compile(
    rf"(?<![\w.:-])(\d+(?:\.\d+)?)\s?(?:s|sec|secs|second|seconds)\s{{0,3}}[:=]?\s{{0,9}}[\[(]\s{{0,9}}"
    rf"{_N}\s{{0,9}},\s{{0,9}}{_N}\s{{0,9}},\s{{0,9}}{_N}\s{{0,9}},\s{{0,9}}{_N}\s{{0,9}}[\])]",
    re.IGNORECASE,
)
TIME_TOLERANCE_SECONDS = 0.05
"""Two times within half a tenth are the same: references are written with one decimal."""
_ASK = (
    "Where is the {thing}, every {stride} seconds from {start} to {end} seconds? Give each box as time seconds: [x1, y1, x2, y2].",
    "Follow the {thing} from {start} to {end} seconds: its box every {stride} seconds, each as time seconds: [x1, y1, x2, y2].",
    "Between {start} and {end} seconds give the place of the {thing} every {stride} seconds, as time seconds: [x1, y1, x2, y2].",
)


@dataclass(frozen=True, slots=True)
class PixelBox:
    """Corners x0, y0 (top left), x1, y1 (bottom right) in pixels of the original frame."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 <= self.x1 and self.y0 <= self.y1 and math.isfinite(self.x1 - self.x0 + self.y1 - self.y0)):
            raise ValueError("a box must satisfy x0 <= x1 and y0 <= y1, all finite")

    def iou(self, other: PixelBox) -> float:
        """Intersection over union; equal boxes give 1, also where both are empty."""
        if self == other:
            return 1.0
        width = max(0.0, min(self.x1, other.x1) - max(self.x0, other.x0))
        height = max(0.0, min(self.y1, other.y1) - max(self.y0, other.y0))
        shared = width * height
        union = (self.x1 - self.x0) * (self.y1 - self.y0) + (other.x1 - other.x0) * (other.y1 - other.y0) - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class TrackAnswer:
    """Boxes at times in seconds, in ascending order, no time twice."""

    boxes: tuple[tuple[float, PixelBox], ...]

    def __post_init__(self) -> None:
        times = [time for time, _ in self.boxes]
        if not times or any(later - earlier <= TIME_TOLERANCE_SECONDS for earlier, later in pairwise(times)):
            raise ValueError("a track needs at least one box, in order of time, no time twice")


class SpatiotemporalGrounding:
    """Where an object is over time: space and time count together."""

    card = TaskCard(
        name="spatiotemporal_grounding",
        qa_types=("stg",),
        leaderboard_keys=("stg_miou",),
        sources=("CholecTrack20", "CoPESD", "EgoSurgery"),
        metric="vIoU: the sum of box IoU over the times that both have, over the number of times that either has",
        answer_tokens=1024,
    )

    def prompt(self, source: str, thing: str, start: float, end: float, stride: float, variant: int = 0) -> str:
        """The question for one object between two times."""
        sentence = choose(_ASK, variant).format(thing=thing, start=f"{start:g}", end=f"{end:g}", stride=f"{stride:g}")
        return question(source, variant, sentence)

    def parse(self, reply: str) -> TrackAnswer | Unparsed:
        """Boxes of a reply in which every number belongs to one."""
        if len(reply) > MAX_CHARACTERS:
            return Unparsed.of(reply, "the reply is too long")
        text = plain(reply)
        value = as_json(text)
        found = _from_json(value) if value is not None else _from_text(text)
        answer = found if isinstance(found, str) else _track(found)
        return Unparsed.of(reply, answer) if isinstance(answer, str) else answer

    def write(self, answer: TrackAnswer) -> str:
        """`1.0 seconds: [235.08, 261.2, 561.58, 1005.62] 5.0 seconds: [...]`"""
        return " ".join(f"{number_text(time)} seconds: [{_corners(box)}]" for time, box in answer.boxes)

    def reference(self, struc_info: object, gnd: str) -> TrackAnswer | Unparsed:
        """`bbox_dict` of the first item; the text where the record has no structured part."""
        first: object = struc_info
        if isinstance(struc_info, list):
            items = cast("list[object]", struc_info)
            first = items[0] if items else None
        if not first:
            return self.parse(gnd)
        values: object = first
        if isinstance(first, dict):
            values = cast("dict[str, Any]", first).get("bbox_dict", cast("object", first))
        found = _from_json(values)
        answer = found if isinstance(found, str) else _track(found)
        return Unparsed.of(gnd, f"reference: {answer}") if isinstance(answer, str) else answer

    def score(self, answer: TrackAnswer | Unparsed, reference: TrackAnswer) -> Score:
        if isinstance(answer, Unparsed):
            return Score(0.0, {}, answer.reason)
        pairs = _same_times(answer, reference)
        total = sum(found.iou(true) for found, true in pairs)
        either = len(answer.boxes) + len(reference.boxes) - len(pairs)
        return Score(
            total / either,
            {
                "temporal_iou": len(pairs) / either,
                "box_iou": total / len(pairs) if pairs else 0.0,
                "missed": float(len(reference.boxes) - len(pairs)),
                "extra": float(len(answer.boxes) - len(pairs)),
            },
        )


def _corners(box: PixelBox) -> str:
    return ", ".join(map(_coordinate, (box.x0, box.y0, box.x1, box.y1)))


def _coordinate(value: float) -> str:
    text = number_text(value)
    return text[:-2] if text.endswith(".0") else text


def _same_times(first: TrackAnswer, second: TrackAnswer) -> list[tuple[PixelBox, PixelBox]]:
    pairs: list[tuple[PixelBox, PixelBox]] = []
    one = two = 0
    while one < len(first.boxes) and two < len(second.boxes):
        (time, box), (other_time, other) = first.boxes[one], second.boxes[two]
        if abs(time - other_time) <= TIME_TOLERANCE_SECONDS + 1e-9:
            pairs.append((box, other))
            one, two = one + 1, two + 1
        elif time < other_time:
            one += 1
        else:
            two += 1
    return pairs


def _track(boxes: list[tuple[float, PixelBox]]) -> TrackAnswer | str:
    try:
        return TrackAnswer(tuple(sorted(boxes, key=lambda entry: entry[0])))
    except ValueError:
        return "a time occurs twice"


def _from_text(text: str) -> list[tuple[float, PixelBox]] | str:
    if not text:
        return "empty"
    rest = _ENTRY.sub(" ", text)
    if re.search(r"\d", rest):
        loose = re.search(r"\d[\d.]*", rest)
        return f"the number {loose[0][:20] if loose else ''} belongs to no box"
    boxes = [_box(float(time), [float(value) for value in corners]) for time, *corners in _ENTRY.findall(text)]
    wrong = next((box for box in boxes if isinstance(box, str)), None)
    if wrong is not None:
        return wrong
    return [box for box in boxes if not isinstance(box, str)] or "no time with a box"


def _box(time: float, corners: list[float]) -> tuple[float, PixelBox] | str:
    try:
        return (time, PixelBox(*corners)) if math.isfinite(time) else "a time that is not finite"
    except ValueError:
        return f"corners out of order at {time:g} seconds"


def _from_json(value: object) -> list[tuple[float, PixelBox]] | str:
    if isinstance(value, dict):
        pairs = [(time, box) for time, box in cast("dict[str, object]", value).items()]
    elif isinstance(value, list):
        items = [cast("dict[str, object]", item) for item in cast("list[object]", value) if isinstance(item, dict)]
        if len(items) != len(cast("list[object]", value)):
            return "JSON without times"
        pairs = [(str(item.get("time")), item.get("box")) for item in items]
    else:
        return "JSON without boxes"
    boxes: list[tuple[float, PixelBox]] = []
    for time, corners in pairs:
        numbers = [number for part in _items(corners) if (number := finite(part)) is not None]
        if not re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", time) or len(numbers) != 4 or len(_items(corners)) != 4:
            return f"JSON: {time[:20]!r} is not a time with four corners"
        box = _box(float(time), numbers)
        if isinstance(box, str):
            return box
        boxes.append(box)
    return boxes or "JSON without boxes"


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
