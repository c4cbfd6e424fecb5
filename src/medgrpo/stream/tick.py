"""One moment of the live path: what was seen or could not be, what stands, what was decided, how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from medgrpo.core import Box
from medgrpo.perception import Observation
from medgrpo.reasoning import Record
from medgrpo.stream.alerts import Alert, Change, ChannelReport
from medgrpo.stream.arrival import NO_FAULTS, Faults, LinkEvent
from medgrpo.stream.privacy import Black
from medgrpo.video import Image

STAGES = ("wait", "paint", "perception", "reasoning", "alerts")
"""From a picture's arrival to its decision, in order; writing the record comes after."""


class Unjudged(StrEnum):
    """Why a picture that came was not judged."""

    LOST = "lost"
    """The connection broke right behind it, or had been given up."""
    FROZEN = "frozen"
    """The same picture had stood for too long."""
    DAMAGED = "damaged"
    """It could not be painted."""


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """`observation` is None where no picture came or was judged (`unjudged`: why one that came was not); `blind` says why nothing
    can be judged, or, where there is an observation, why it says nothing about now. `settled`: the reasoner's new records.

    `stages_ms` by STAGES, and `latency_ms` from arrival to decision; both empty or None without a picture. `shown`: the picture as
    it may leave the fast loop (dimmed and masked), `black`: how much of it was made black. `stamp_seconds`: its own clock's.
    `faults`: of all pictures since the tick before.
    """

    number: int
    case_seconds: float
    observation: Observation | None
    blind: str | None
    phase: str | None
    channels: tuple[ChannelReport, ...]
    changes: tuple[Change, ...]
    alerts: tuple[Alert, ...]
    settled: tuple[Record, ...]
    events: tuple[LinkEvent, ...]
    dropped: int
    duplicates: int
    shown: Image | None = None
    stages_ms: Mapping[str, float] = field(default_factory=dict[str, float])
    latency_ms: float | None = None
    stamp_seconds: float | None = None
    faults: Faults = NO_FAULTS
    unjudged: Unjudged | None = None
    black: Black | None = None


def report_body(report: ChannelReport) -> dict[str, Any]:
    """A channel as a record holds it."""
    return {
        "channel": report.channel,
        "state": report.state.value,
        "since_seconds": report.since_seconds,
        "why": report.why,
        "priority": report.priority.value,
        "kind": report.kind.value,
        "citations": list(report.citations),
        "where_xyxy": [_rounded(box) for box in report.where_xyxy],
        "confidence": report.confidence,
        "expected_next": report.expected_next,
        "advice": report.advice,
    }


def change_body(change: Change) -> dict[str, Any]:
    """A decision as a record holds it; a person's answer is told apart from the machine's by `by`."""
    alert = change.alert
    return {
        "decision": change.decision.value,
        "channel": change.channel,
        "seconds": change.seconds,
        "why": change.why,
        "priority": change.priority.value,
        "alert": None if alert is None else alert.id,
        "presence": None if alert is None else alert.presence.value,
        "audible": None if alert is None else alert.audible,
        "over_budget": None if alert is None else alert.over_budget,
        "by": change.by,
    }


def _rounded(box: Box) -> list[float]:
    return [round(value, 4) for value in box.xyxy]
