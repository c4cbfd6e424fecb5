"""What counts as an action towards something: the one place that sentences, sub-goals and chains of thought ask.

A step's triplets (`seen_by`) count within a stretch of its phase, as many of them belong to steps of other phases too; the triplets
that achieve a sub-goal count wherever they were seen. An event counts as the act that it is, on duct and artery alike where the
two were not told apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from medgrpo.core import Span
from medgrpo.reasoning.graph import ACT_OF_EVENT
from medgrpo.reasoning.records import ActionSegment, Event, Evidence

_EITHER = {"cystic_pedicle": ("cystic_pedicle", "cystic_duct", "cystic_artery")}


@dataclass(frozen=True, slots=True)
class Work:
    """A stretch in which something was worked towards."""

    span: Span
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class SeenAct:
    """An action or an event, as the triplets that it may be."""

    triplets: frozenset[str]
    span: Span
    evidence: Evidence


def seen_acts(actions: Iterable[ActionSegment], events: Iterable[Event]) -> list[SeenAct]:
    """Actions and events that are acts; in no particular order."""
    acts = [SeenAct(frozenset((action.triplet,)), action.span, action.evidence) for action in actions]
    for event in events:
        if event.kind in ACT_OF_EVENT and event.target is not None:
            instrument, verb = ACT_OF_EVENT[event.kind]
            targets = _EITHER.get(event.target, (event.target,))
            acts.append(SeenAct(frozenset(f"{instrument},{verb},{target}" for target in targets), event.span, event.evidence))
    return acts


def work_towards(
    acts: Iterable[SeenAct], within: Collection[str], phases: Sequence[Span], anywhere: Collection[str] = ()
) -> Iterator[Work]:
    """Acts of the triplets `anywhere`, and acts of the triplets `within` where they lie in one of `phases`."""
    for act in acts:
        if not act.triplets.isdisjoint(anywhere):
            yield Work(act.span, act.evidence)
        elif not act.triplets.isdisjoint(within):
            for phase in phases:
                start = max(act.span.start_seconds, phase.start_seconds)
                end = min(act.span.end_seconds, phase.end_seconds)
                if end > start:
                    yield Work(Span(start, end), act.evidence)


def merged(work: Iterable[Work]) -> list[Work]:
    """Stretches that do not overlap, in order of time; of two that overlap the evidence of the surer one is kept."""
    kept: list[Work] = []
    for one in sorted(work, key=lambda each: (each.span.start_seconds, each.span.end_seconds)):
        last = kept[-1] if kept else None
        if last is None or one.span.start_seconds > last.span.end_seconds:
            kept.append(one)
            continue
        surer = one.evidence if one.evidence.confidence > last.evidence.confidence else last.evidence
        end = max(last.span.end_seconds, one.span.end_seconds)
        kept[-1] = Work(Span(last.span.start_seconds, end), surer)
    return kept
