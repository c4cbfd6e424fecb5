"""What a reasoner may forget of a case without end: settled records have been handed out, and only some are ever asked for again.

Everything of the last `keeps_seconds` stays whole. Of what is older stay, for every kind of thing (an action's triplet, an event's
kind and target, a phase, a step), the first and the last: by these sub-goals were begun and achieved, and chains of thought find
"was it done before". Sentences, chains, forecasts and risk states are never read again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from medgrpo.reasoning.chain import RefusedThought, Thought
from medgrpo.reasoning.config import SubGoalConfig
from medgrpo.reasoning.records import ActionSegment, Event, Forecast, PhaseSegment, Record, StepSegment

One = TypeVar("One")


def first_and_last(ones: Iterable[One], recent: Callable[[One], bool], key: Callable[[One], Hashable | None]) -> list[One]:
    """All that are `recent`, and of the others the first and the last of every key; those whose key is None go. In their order."""
    given = list(ones)
    first: dict[Hashable, int] = {}
    last: dict[Hashable, int] = {}
    for place, one in enumerate(given):
        name = None if recent(one) else key(one)
        if name is not None:
            first.setdefault(name, place)
            last[name] = place
    kept = {*first.values(), *last.values()}
    return [one for place, one in enumerate(given) if place in kept or recent(one)]


def remembered(records: Iterable[Record], since: float, config: SubGoalConfig) -> list[Record]:
    """The records that a reasoner still needs when what ended before `since` may be forgotten."""

    def recent(record: Record) -> bool:
        return (record.seconds if isinstance(record, (Forecast, Thought, RefusedThought)) else record.span.end_seconds) >= since

    return first_and_last(records, recent, lambda record: _key(record, config))


def _key(record: Record, config: SubGoalConfig) -> Hashable | None:
    match record:
        case ActionSegment():
            # only an action that was seen surely and long enough achieves something: the first of these may not be lost
            sure = record.confidence >= config.least_confidence and record.span.duration_seconds >= config.least_seconds
            return "action", record.triplet, sure
        case Event():
            return "event", record.kind, record.target
        case PhaseSegment():
            return None if record.phase is None else ("phase", record.phase)
        case StepSegment():
            return "step", record.phase, record.step
        case Forecast():
            return "forecast"  # the last one is what is expected now
        case _:
            return None
