"""Temporal grounding (MedVidBench `tal`): when does an action happen?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from medgrpo.core import Score, Span, Unparsed
from medgrpo.tasks.matching import span_agreement
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.reading import MAX_CHARACTERS, as_json, finite, number_text, plain
from medgrpo.tasks.task import TaskCard

_TIME = r"(\d+(?::\d{1,2}){0,2}(?:\.\d+)?)"
_UNIT = r"(?:\s?(?:s|sec|secs|second|seconds)\b\.?)?"
_END = r"(?![\w:-])(?!\.\d)(?!,\d)"
RANGE = rf"{_TIME}{_UNIT}\s{{0,9}}(?:-|(?:to|until)(?![a-z]))\s{{0,9}}(?:{_TIME}){_UNIT}"
_RANGE = re.compile(rf"(?<![\w.:,-]){RANGE}{_END}", re.IGNORECASE)
_BETWEEN = re.compile(rf"\bbetween\s{{1,9}}{_TIME}{_UNIT}\s{{1,9}}and\s{{1,9}}{_TIME}{_UNIT}{_END}", re.IGNORECASE)
_OTHER_UNIT = re.compile(r"\d\s?(?:%|(?:m|min|mins|minutes?|h|hrs?|hours?|ms|milliseconds?|frames?)\b)", re.IGNORECASE)
_HEDGE = re.compile(r"\b(?:or|not|no|never|either|neither|maybe|perhaps)\b|n't\b", re.IGNORECASE)

_ASK = (
    "When does {action} happen? Give each interval in seconds as start-end, separated by commas.",
    "During which intervals can {action} be seen? Answer in seconds, each as start-end.",
    "Find every interval in which {action} takes place and give start and end in seconds.",
    "From when to when does {action} take place? List the intervals in seconds, each as start-end.",
    "Mark {action} on the clip's time axis: each interval as start-end in seconds.",
)
_ABSENT = (
    "If it does not happen in the clip, give one interval without length at the clip's start.",
    "Where the clip does not show it, answer with a single interval of no length that lies at the very beginning.",
)


@dataclass(frozen=True, slots=True)
class TemporalAnswer:
    """At least one span, in the order given."""

    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        if not self.spans:
            raise ValueError("an answer holds at least one span")


class TemporalGrounding:
    """When an action happens: spans matched by optimal assignment."""

    card = TaskCard(
        name="temporal_grounding",
        qa_types=("tal",),
        leaderboard_keys=("tag_miou_03", "tag_miou_05"),
        sources=("AVOS", "CholecT50", "CoPESD", "EgoSurgery", "NurViD"),
        metric="soft F1 of spans: twice the IoU of the optimal pairs over the number of predicted and true spans",
        answer_tokens=448,
    )

    def prompt(self, source: str, action: str, listed: Sequence[str] = (), variant: int = 0, *, may_be_absent: bool = False) -> str:
        """The question for one action; `listed` names actions that the video may hold.

        `may_be_absent` says how to answer that the action does not happen: `0.0-0.0 seconds.`, a form that every reader of spans
        reads. It is asked so of clips that hold the action too, or it would give the answer away.
        """
        hint = f"The video may hold these actions: {', '.join(listed)}. " if listed else ""
        rest = f" {choose(_ABSENT, variant)}" if may_be_absent else ""
        return question(source, variant, hint + choose(_ASK, variant).format(action=action) + rest)

    def parse(self, reply: str) -> TemporalAnswer | Unparsed:
        """Spans of a reply in which every number belongs to one; no hedging, no other unit than seconds or a clock."""
        if len(reply) > MAX_CHARACTERS:
            return Unparsed.of(reply, "the reply is too long")
        text = plain(reply)
        value = as_json(text)
        spans = _from_json(value) if value is not None else _from_text(text)
        return Unparsed.of(reply, spans) if isinstance(spans, str) else TemporalAnswer(tuple(spans))

    def write(self, answer: TemporalAnswer) -> str:
        """`22.0-78.0, 89.0-94.0 seconds.`"""
        pairs = (f"{number_text(span.start_seconds)}-{number_text(span.end_seconds)}" for span in answer.spans)
        return f"{', '.join(pairs)} seconds."

    def reference(self, struc_info: object, gnd: str) -> TemporalAnswer | Unparsed:
        """All `spans` of all items; the text where the record has no structured part."""
        if not struc_info:
            return self.parse(gnd)
        spans: list[Span] = []
        items = cast("list[Any]", struc_info) if isinstance(struc_info, list) else [struc_info]
        for item in items:
            held: object = cast("dict[str, Any]", item).get("spans") if isinstance(item, dict) else None
            found = _from_json(held or [])
            if isinstance(found, str) and held:
                return Unparsed.of(gnd, f"reference: {found}")
            spans += found if not isinstance(found, str) else []
        return TemporalAnswer(tuple(spans)) if spans else Unparsed.of(gnd, "reference: no span")

    def score(self, answer: TemporalAnswer | Unparsed, reference: TemporalAnswer) -> Score:
        if isinstance(answer, Unparsed):
            return Score(0.0, {}, answer.reason)
        value, parts = span_agreement(answer.spans, reference.spans)
        return Score(value, parts)


def seconds_of(text: str) -> float:
    """`12.5`, `1:05` or `1:02:03` in seconds."""
    total = 0.0
    for piece in text.split(":"):
        total = total * 60 + float(piece)
    return total


def make_span(start: float, end: float) -> Span | str:
    """A span, or why it is none."""
    try:
        return Span(start, end)
    except ValueError:
        return f"{start}-{end} is not a span: its end lies before its start, or it is not finite"


def _from_text(text: str) -> list[Span] | str:
    if not text:
        return "empty"
    if _HEDGE.search(text):
        return "the reply hedges or negates"
    if _OTHER_UNIT.search(text):
        return "a unit other than seconds"
    places: list[tuple[int, str, str]] = []

    def take(found: re.Match[str]) -> str:
        places.append((found.start(), found[1], found[2]))
        return " " * len(found[0])

    rest = _RANGE.sub(take, _BETWEEN.sub(take, text))
    if not places:
        return "no start-end pair"
    loose = re.search(r"\d[\d.:]*", rest)
    if loose:
        return f"the number {loose[0][:20]} belongs to no span"
    spans: list[Span] = []
    for _, start, end in sorted(places):
        if (":" in start) != (":" in end):
            return f"{start[:20]}-{end[:20]} mixes seconds with a clock"
        span = make_span(seconds_of(start), seconds_of(end))
        if isinstance(span, str):
            return span
        spans.append(span)
    return spans


def _from_json(value: object) -> list[Span] | str:
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        value = inner["spans"] if set(inner) == {"spans"} else [inner]
    if not isinstance(value, list) or not value:
        return "JSON without spans"
    items = cast("list[object]", value)
    if len(items) == 2 and all(finite(item) is not None for item in items):
        items = [items]
    spans: list[Span] = []
    for item in items:
        pair: tuple[object, ...] = ()
        if isinstance(item, dict):
            values = cast("dict[str, object]", item)
            pair = (values.get("start"), values.get("end"))
        elif isinstance(item, list):
            pair = tuple(cast("list[object]", item))
        numbers = [number for part in pair if (number := finite(part)) is not None]
        if len(pair) != 2 or len(numbers) != 2:
            return "JSON without start and end as numbers"
        span = make_span(*numbers)
        if isinstance(span, str):
            return span
        spans.append(span)
    return spans
