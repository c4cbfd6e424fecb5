"""The lines of `analysis.jsonl`: one JSON object each, told apart by "type". docs/formats.md describes every one.

The values are the rooms' own types, written and read by pydantic, so a file that is read back gives the objects that were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import TypeAdapter, ValidationError

from medgrpo.analysis.settings import AnalysisOptions, VideoIdentity
from medgrpo.core import Box, Config, DataError
from medgrpo.perception import Observation
from medgrpo.reasoning import (
    ActionSegment,
    Coverage,
    Event,
    Finding,
    Forecast,
    LanguageCounts,
    PhaseSegment,
    RefusedThought,
    RiskState,
    StepSegment,
    SubGoalState,
    Thought,
    Timeline,
    UnusualOrder,
)
from medgrpo.video import ReadingReport

SCHEMA_VERSION = 1
DISCLAIMER = "DRAFT, research software, not for clinical use"


class Header(Config):
    """The first line: what made the file, from which video, with which options. Holds no wall-clock time."""

    schema_version: Literal[1] = SCHEMA_VERSION
    disclaimer: str = DISCLAIMER
    medgrpo_version: str
    models: tuple[str, ...]
    simulated: bool
    video: VideoIdentity
    options: AnalysisOptions


@dataclass(frozen=True, slots=True)
class Summary:
    """The last line: a file without it is not complete. `looks` counts the observations above it.

    `thoughts_refused` counts chains of thought that the checker refused, by decision; `language` is None where no language model
    was asked to rephrase.
    """

    looks: int
    duration_seconds: float
    coverage: Coverage
    domain: str
    reading: ReadingReport
    thoughts: int = 0
    thoughts_refused: Mapping[str, int] = field(default_factory=dict[str, int])
    language: LanguageCounts | None = None


AnalysisRecord = (
    Header
    | Observation
    | PhaseSegment
    | StepSegment
    | SubGoalState
    | UnusualOrder
    | ActionSegment
    | Event
    | Finding
    | Forecast
    | RiskState
    | Thought
    | RefusedThought
    | Summary
)

RECORD_TYPES: dict[str, type] = {
    "header": Header,
    "observation": Observation,
    "phase": PhaseSegment,
    "step": StepSegment,
    "sub_goal": SubGoalState,
    "unusual_order": UnusualOrder,
    "action": ActionSegment,
    "event": Event,
    "finding": Finding,
    "forecast": Forecast,
    "risk": RiskState,
    "thought": Thought,
    "thought_refused": RefusedThought,
    "summary": Summary,
}

_NAMES = {kind: name for name, kind in RECORD_TYPES.items()}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in RECORD_TYPES.items()}


def record_line(record: AnalysisRecord) -> bytes:
    """One line of the file, newline included."""
    name = _NAMES[type(record)]
    return b'{"type":"' + name.encode() + b'",' + _ADAPTERS[name].dump_json(record)[1:] + b"\n"


def parse_line(line: bytes) -> AnalysisRecord:
    """The record of one line; ValueError (pydantic's ValidationError among them) says what is wrong with it."""
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    fields = cast("dict[str, Any]", value)
    name = fields.pop("type", None)
    if name not in _ADAPTERS:
        raise ValueError(f'no "type" that is one of {", ".join(RECORD_TYPES)}')
    return _ADAPTERS[name].validate_python(fields)


def read_records(path: Path) -> Iterator[AnalysisRecord]:
    """The records of a file one after another, in constant memory. DataError names the line that is not one."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    yield parse_line(line)
                except ValidationError as error:
                    first = error.errors(include_url=False)[0]
                    place = ".".join(str(part) for part in first["loc"])
                    raise DataError(path, f"line {number}: {place}: {first['msg']}") from error
                except ValueError as error:
                    raise DataError(path, f"line {number} is not a JSON record: {error}") from error
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Analysis:
    """A whole `analysis.jsonl`, read back."""

    header: Header
    observations: tuple[Observation, ...]
    timeline: Timeline
    summary: Summary


def read_analysis(path: Path, observations: bool = True) -> Analysis:
    """Read a finished file. DataError when it is cut short. `observations=False` leaves them out: they are most of the file."""
    kept: dict[type, list[Any]] = {kind: [] for kind in RECORD_TYPES.values()}
    looks = 0
    for record in read_records(path):
        looks += isinstance(record, Observation)
        if observations or not isinstance(record, Observation):
            kept[type(record)].append(record)
    if len(kept[Header]) != 1 or len(kept[Summary]) != 1 or kept[Summary][0].looks != looks:
        raise DataError(path, "is not a whole analysis: the header, the summary or some looks are missing")
    header, summary = kept[Header][0], kept[Summary][0]
    timeline = _timeline(kept, summary.duration_seconds, summary.coverage, summary.domain, header.models)
    return Analysis(header, tuple(kept[Observation]), timeline, summary)


def timeline_of(
    records: Iterable[AnalysisRecord], duration_seconds: float, coverage: Coverage, domain: str, models: tuple[str, ...]
) -> Timeline:
    """The timeline that `timeline_records` took apart."""
    kept: dict[type, list[Any]] = {kind: [] for kind in RECORD_TYPES.values()}
    for record in records:
        kept[type(record)].append(record)
    return _timeline(kept, duration_seconds, coverage, domain, models)


def _timeline(
    kept: Mapping[type, list[Any]], duration_seconds: float, coverage: Coverage, domain: str, models: tuple[str, ...]
) -> Timeline:
    return Timeline(
        duration_seconds=duration_seconds,
        phases=tuple(kept[PhaseSegment]),
        actions=tuple(kept[ActionSegment]),
        events=tuple(kept[Event]),
        findings=tuple(kept[Finding]),
        forecasts=tuple(kept[Forecast]),
        risks=tuple(kept[RiskState]),
        coverage=coverage,
        domain=domain,
        models=models,
        steps=tuple(kept[StepSegment]),
        sub_goals=tuple(kept[SubGoalState]),
        unusual_orders=tuple(kept[UnusualOrder]),
        thoughts=tuple(kept[Thought]),
        refused_thoughts=tuple(kept[RefusedThought]),
    )


def timeline_records(timeline: Timeline) -> Iterator[AnalysisRecord]:
    """What the file holds between the observations and the summary, in its order."""
    yield from timeline.phases
    yield from timeline.steps
    yield from timeline.sub_goals
    yield from timeline.unusual_orders
    yield from timeline.actions
    yield from timeline.events
    yield from timeline.findings
    yield from timeline.forecasts
    yield from timeline.risks
    yield from timeline.thoughts
    yield from timeline.refused_thoughts


def rounded(observation: Observation) -> Observation:
    """The same look with probabilities, measures and places to four decimals; its time stays exact.

    Reasoning is fed what the file holds, not what was rounded away: a resumed or replayed analysis is then the same, bit for bit.
    """
    seen = observation.seen
    if seen is not None:
        seen = replace(
            seen,
            instruments=_four(seen.instruments),
            verbs=_four(seen.verbs),
            targets=_four(seen.targets),
            triplets=_four(seen.triplets),
            phases=_four(seen.phases),
            tips=tuple(
                replace(tip, box_xyxy=Box(*_four(tip.box_xyxy.xyxy)), probability=round(tip.probability, 4)) for tip in seen.tips
            ),
        )
    view = observation.view
    view = replace(
        view,
        brightness=round(view.brightness, 4),
        sharpness=round(view.sharpness, 4),
        haze=round(view.haze, 4),
        blood_fraction=round(view.blood_fraction, 4),
    )
    return replace(observation, seen=seen, view=view)


def _four(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in values)
