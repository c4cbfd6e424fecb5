"""Findings in clinical language, from the templates of data/statements.toml: at most one per settled phase end, event or alert."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.resources import files

from medgrpo.core import Span, length
from medgrpo.knowledge import PHASES, Procedure, label
from medgrpo.reasoning.instruments import Visit
from medgrpo.reasoning.records import ActionSegment, Event, EventKind, Evidence, Finding, PhaseSegment, RiskState
from medgrpo.reasoning.towards import SeenAct, seen_acts, work_towards

_RISKS_NAMED = 3  # structures at risk named in one sentence: more would not be read
_INSTRUMENT_SECONDS = 2.0  # an instrument is named for a phase when it is in sight for so long
_ACTIONS_NAMED = 3


@cache
def templates() -> dict[str, dict[str, str]]:
    """The sentences, by group and name."""
    return tomllib.loads(files("medgrpo.reasoning").joinpath("data/statements.toml").read_text(encoding="utf-8"))


class StatementWriter:
    """Numbers findings in the order in which they are made."""

    def __init__(self, procedure: Procedure) -> None:
        self._procedure = procedure
        self._texts = templates()
        self._made = 0

    def phase_begins(self, phase_id: str, span: Span, evidence: Evidence, first: bool) -> Finding:
        """`first`: no phase was recognised before it; a video may begin amid the operation, and so amid its first phase."""
        texts = self._texts["phase"]
        phase = self._procedure.phase(phase_id)
        risks = ", ".join(phase.structures_at_risk[:_RISKS_NAMED])
        amid = first and (span.start_seconds == 0 or phase_id != PHASES[0])
        since = texts["since_video" if span.start_seconds == 0 else "since_sight"]
        text = texts["under_way" if amid else "begins"].format(name=phase.name, goal=phase.goal, risks=risks, since=since)
        return self._inferred(text, span, evidence, phase.citations, "phase tracker")

    def phase_seen(
        self, segment: PhaseSegment, actions: Iterable[ActionSegment], visits: Iterable[Visit], events: Iterable[Event] = ()
    ) -> Finding:
        """What was seen in a phase that has ended, and which of its steps were not recognised."""
        texts = self._texts["phase"]
        phase = self._procedure.phase(segment.phase or "")
        seconds: defaultdict[str, float] = defaultdict(float)
        for visit in visits:
            seconds[visit.instrument] += _shared_seconds(visit.span, segment.span)
        acts = seen_acts(actions, events)
        named = [name for name, used in sorted(seconds.items(), key=lambda item: -item[1]) if used >= _INSTRUMENT_SECONDS]
        visible = [step for step in phase.steps if step.seen_by]
        seen = [step.name for step in visible if _worked(acts, step.seen_by, segment)]
        missing = [step.name for step in visible if step.name not in seen]
        parts = [texts["steps_seen"].format(seen="; ".join(seen)) if seen else texts["no_steps"]]
        if seen and missing:
            parts.append(texts["steps_missing"].format(missing="; ".join(missing)))
        text = texts["seen"].format(
            name=phase.name,
            length=length(segment.span.duration_seconds),
            instruments=", ".join(label(name) for name in named) or texts["no_instruments"],
            steps=" ".join(parts),
        )
        return self._seen(text, segment.span, segment.evidence, phase.citations[:1])

    def instrument_seen(self, visit: Visit, actions: Iterable[ActionSegment]) -> Finding:
        """That an instrument was in sight, and what it was seen to do, most of the time first."""
        texts = self._texts["instrument"]
        seconds: defaultdict[str, float] = defaultdict(float)
        for action in actions:
            instrument, verb, target = action.triplet.split(",")
            if instrument == visit.instrument and verb != "null_verb":
                seconds[f"{label(verb)} {label(target)}"] += _shared_seconds(action.span, visit.span)
        done = [words for words, spent in sorted(seconds.items(), key=lambda item: -item[1]) if spent > 0][:_ACTIONS_NAMED]
        name = label(visit.instrument)
        text = texts["seen"].format(
            name=name[0].upper() + name[1:],
            length=length(visit.span.duration_seconds),
            doing=texts["doing"].format(actions=", ".join(done)) if done else texts["unknown"],
        )
        return self._seen(text, visit.span, visit.evidence, ())

    def event(self, event: Event) -> Finding:
        texts = self._texts["event"]
        lasted = length(event.span.duration_seconds)
        match event.kind:
            case EventKind.CLIP_APPLIED:
                text = texts["clip_applied"].format(target=self._target("clip_target", event.target))
            case EventKind.STRUCTURE_DIVIDED:
                text = texts["structure_divided"].format(target=self._target("divided_target", event.target))
                text = text[0].upper() + text[1:]
            case EventKind.BLEEDING_SEEN:
                text = texts["bleeding_seen"].format(length=lasted)
            case EventKind.BAG_USED:
                text = texts["bag_used"]
            case EventKind.VIEW_LOST:
                text = texts["view_lost"].format(length=lasted)
            case EventKind.OUT_OF_BODY:
                text = texts["out_of_body"].format(length=lasted)
        return self._seen(text, event.span, event.evidence, ())

    def alert(self, state: RiskState) -> Finding:
        """`state` is an ALERT, so it has evidence."""
        assert state.evidence is not None
        hazard = self._procedure.hazard(state.channel)
        name = hazard.name[0].upper() + hazard.name[1:]
        text = self._texts["risk"]["alert"].format(name=name, why=state.why, advice=hazard.advice)
        return self._inferred(text, state.span, state.evidence, state.citations, state.channel)

    def critical_view(self, span: Span, evidence: Evidence) -> Finding:
        hazard = self._procedure.hazard("critical_view")
        return self._inferred(self._texts["critical_view"]["not_graded"], span, evidence, hazard.citations, "critical_view")

    def not_assessed(self, seconds: float, total: float, reason: str, evidence: Evidence) -> Finding:
        text = self._texts["operation"]["not_assessed"].format(seconds=length(seconds), total=length(total), reason=reason)
        return self._seen(text, Span(0.0, total), evidence, ())

    def _target(self, group: str, target: str | None) -> str:
        texts = self._texts[group]
        if target is None:
            return texts["unknown"]
        return texts["pedicle"] if target == "cystic_pedicle" else texts["known"].format(target=label(target))

    def _seen(self, text: str, span: Span, evidence: Evidence, citations: tuple[str, ...]) -> Finding:
        return Finding(self._id(), text, span, "seen", evidence, citations)

    def _inferred(self, text: str, span: Span, evidence: Evidence, citations: tuple[str, ...], rule: str) -> Finding:
        return Finding(self._id(), text, span, "inferred", evidence, citations, rule)

    def _id(self) -> str:
        self._made += 1
        return f"finding-{self._made:04d}"


def _worked(acts: Sequence[SeenAct], triplets: Collection[str], segment: PhaseSegment) -> bool:
    return any(True for _ in work_towards(acts, triplets, (segment.span,)))


def _shared_seconds(one: Span, other: Span) -> float:
    return max(0.0, min(one.end_seconds, other.end_seconds) - max(one.start_seconds, other.start_seconds))
