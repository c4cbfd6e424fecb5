"""Dense captioning (MedVidBench `dense_captioning_*`): all events of the clip, each with its interval and a sentence."""

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
from medgrpo.tasks.temporal_grounding import RANGE, make_span, seconds_of

_EVENT = re.compile(rf"{RANGE}\s{{0,9}}(?::|-)(?!\d)\s{{0,9}}(.*)", re.IGNORECASE)
_INSIDE = re.compile(rf"(?<![\w.:,-]){RANGE}\s{{0,9}}:", re.IGNORECASE)
_ASK = (
    "List all events of the clip, one per line, each as start-end seconds: description.{limit}",
    "Describe every step of the clip with its interval in seconds, one line per step: start-end seconds: description.{limit}",
    "Write a log of the clip: per event one line with its interval and what happens, as start-end seconds: description.{limit}",
    "What happens in the clip, and when? One event per line, in order of time, as start-end seconds: description.{limit}",
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when, and what happens, in one line."""

    span: Span
    caption: str

    def __post_init__(self) -> None:
        if not self.caption or self.caption != " ".join(self.caption.split()):
            raise ValueError("a caption is one line of text without surplus blanks")


@dataclass(frozen=True, slots=True)
class DenseAnswer:
    """At least one event, in the order given."""

    events: tuple[Event, ...]

    def __post_init__(self) -> None:
        if not self.events:
            raise ValueError("an answer holds at least one event")


class DenseCaptioning:
    """Events over time. `score` measures when; what was said is for a judge."""

    card = TaskCard(
        name="dense_captioning",
        qa_types=("dense_captioning_gpt", "dense_captioning_gemini"),
        leaderboard_keys=("dvc_f1", "dvc_llm"),
        sources=("AVOS", "CholecT50", "CoPESD", "EgoSurgery", "NurViD"),
        metric="soft F1 of the events' spans by optimal assignment; captions are left to the judge",
        answer_tokens=2048,
    )

    def prompt(self, source: str, listed: Sequence[str] = (), variant: int = 0) -> str:
        """The question; `listed` limits the events to some actions."""
        limit = f" Only these actions count: {', '.join(listed)}." if listed else ""
        return question(source, variant, choose(_ASK, variant).format(limit=limit))

    def parse(self, reply: str) -> DenseAnswer | Unparsed:
        """Events of a reply with one event per line; lines of text after an event belong to it."""
        if len(reply) > MAX_CHARACTERS:
            return Unparsed.of(reply, "the reply is too long")
        text = plain(reply)
        value = as_json(text)
        found = _from_json(value) if value is not None else _from_lines(text)
        return Unparsed.of(reply, found) if isinstance(found, str) else DenseAnswer(tuple(found))

    def write(self, answer: DenseAnswer) -> str:
        """`1.0-29.0 seconds: ...`, one line per event."""
        return "\n".join(
            f"{number_text(event.span.start_seconds)}-{number_text(event.span.end_seconds)} seconds: {event.caption}"
            for event in answer.events
        )

    def reference(self, struc_info: object, gnd: str) -> DenseAnswer | Unparsed:
        """The segments in any of MedVidBench's three forms; the text where the record has no structured part."""
        if not struc_info:
            return self.parse(gnd)
        items: object = struc_info
        if isinstance(struc_info, list):
            first = cast("list[object]", struc_info)[0]
            if isinstance(first, list):
                items = cast("object", first)
            elif isinstance(first, dict) and "dc_segments" in first:
                items = cast("dict[str, Any]", first)["dc_segments"]
        held = cast("list[object]", items) if isinstance(items, list) else [items]
        whole: list[object] = [item for item in held if isinstance(item, dict) and cast("dict[str, Any]", item).get("caption")]
        found = _from_json(whole)
        return Unparsed.of(gnd, f"reference: {found}") if isinstance(found, str) else DenseAnswer(tuple(found))

    def score(self, answer: DenseAnswer | Unparsed, reference: DenseAnswer) -> Score:
        if isinstance(answer, Unparsed):
            return Score(0.0, {}, answer.reason)
        value, parts = span_agreement([event.span for event in answer.events], [event.span for event in reference.events])
        return Score(value, parts)


def _from_lines(text: str) -> list[Event] | str:
    spans: list[Span] = []
    captions: list[list[str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        found = _EVENT.match(line.strip())
        if found is None:
            if line.strip()[:1].isdecimal():
                return f"line {number} begins with a number but is no event"
            if captions:
                captions[-1].append(line)
            continue
        if (":" in found[1]) != (":" in found[2]):
            return f"line {number} mixes seconds with a clock"
        span = make_span(seconds_of(found[1]), seconds_of(found[2]))
        if isinstance(span, str):
            return span
        spans.append(span)
        captions.append([found[3]])
    events: list[Event] = []
    for span, lines in zip(spans, captions, strict=True):
        caption = " ".join(" ".join(lines).split())
        if not caption:
            return f"no description at {span.start_seconds:g} seconds"
        if _INSIDE.search(caption):
            return "two events on one line"
        events.append(Event(span, caption))
    return events or "no event"


def _from_json(value: object) -> list[Event] | str:
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        value = inner["events"] if set(inner) == {"events"} else [inner]
    events: list[Event] = []
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        values = cast("dict[str, object]", item) if isinstance(item, dict) else {}
        start, end = finite(values.get("start")), finite(values.get("end"))
        caption = values.get("caption", values.get("description"))
        if start is None or end is None or not isinstance(caption, str) or not caption.split():
            return "JSON without start, end and caption"
        span = make_span(start, end)
        if isinstance(span, str):
            return span
        events.append(Event(span, " ".join(caption.split())))
    return events or "JSON without events"
