"""The situation in which a decision is looked at, and the builder that turns it into a chain of thought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from medgrpo.core import Span
from medgrpo.knowledge import Hazard, Procedure, label
from medgrpo.reasoning.chain import (
    Absence,
    Choice,
    Conclusion,
    ConclusionKind,
    Cue,
    Expected,
    Ground,
    GroundKind,
    MissingCue,
    RiskNamed,
    Thought,
)
from medgrpo.reasoning.graph import Edge, EdgeKind, Node, SceneGraph, concept_of, vocabulary
from medgrpo.reasoning.records import Event, Forecast, RiskState, SubGoalLevel, SubGoalState, UnusualOrder

_EXPECTED_NAMED = 2
_EXPECTED_SHARE = 0.1  # a less probable option is not expected


class Trigger(StrEnum):
    """The moments that matter."""

    PHASE_BEGINS = "phase begins"
    EVENT = "event"
    ALERT = "alert"
    ORDER = "unusual order"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now`, and why it is looked at. `unseen` says why the past cannot be relied on, None when it can."""

    trigger: Trigger
    now: float
    procedure: Procedure
    phase: str | None
    graph: SceneGraph
    sub_goals: tuple[SubGoalState, ...]
    event: Event | None = None
    alert: RiskState | None = None
    order: UnusualOrder | None = None
    forecast: Forecast | None = None
    unseen: str | None = None

    def begins(self, phase: str) -> bool:
        return self.trigger is Trigger.PHASE_BEGINS and self.phase == phase

    def alerts(self, channel: str) -> bool:
        return self.alert is not None and self.alert.channel == channel

    def sub_goal(self, name: str) -> SubGoalState | None:
        """How it stands now."""
        return next((one for one in reversed(self.sub_goals) if one.sub_goal == name), None)

    def acts(self, actions: Iterable[str], targets: Iterable[str] = ()) -> list[Edge]:
        """Edges with one of these actions on one of these targets (any where none is named); the latest first."""
        wanted, on = set(actions), set(targets)
        names = {node.id: node.concept for node in self.graph.nodes}
        found = [e for e in self.graph.edges if e.kind is EdgeKind.ACTS_ON and e.by in wanted and (not on or names[e.object] in on)]
        return sorted(found, key=lambda one: one.span.end_seconds, reverse=True)


class ChainBuilder:
    """Collects one chain; `thought` gives it without its words."""

    def __init__(self, situation: Situation, decision: str, question: str) -> None:
        self._situation, self._decision, self._question = situation, decision, question
        self._nodes = {node.id: node for node in situation.graph.nodes}
        self._options: list[Choice] = []
        self._seen: list[Cue] = []
        self._missing: list[MissingCue] = []
        self._grounds: list[Ground] = []
        self._conclusions: list[Conclusion] = []
        self._risks: list[RiskNamed] = []
        self._expected: list[Expected] = []

    def option(self, id: str, words: str) -> None:
        self._options.append(Choice(id, words))

    def see_act(self, edge: Edge) -> str:
        """A cue from an edge of the graph."""
        subject, object = self._nodes[edge.subject], self._nodes[edge.object]
        concepts = (subject.concept, edge.by or "", object.concept)
        tool, act, site = (vocabulary().concept(one).preferred for one in concepts)
        return self._cue(concepts, f"{tool}: {act} {site}", edge.span, object, edge)

    def see(self, node: Node) -> str:
        """A cue from a node of the graph."""
        return self._cue((node.concept,), vocabulary().concept(node.concept).preferred, node.span, node, None)

    def see_latest(self, concept: str) -> str | None:
        """A cue from the latest occurrence of a concept; None where it has none."""
        found = self._situation.graph.of(concept)
        return self.see(max(found, key=lambda one: one.span.end_seconds)) if found else None

    def see_phase(self) -> str:
        """The phase under way; a situation with a phase has its node."""
        assert self._situation.phase is not None
        found = self.see_latest(concept_of(self._situation.phase).id)
        assert found is not None
        return found

    def see_as(self, edge: Edge, state: str) -> str:
        """A state inferred from an act that was seen through, on the frames of that act."""
        object = self._nodes[edge.object]
        words = f"{vocabulary().concept(state).preferred}, as the act shows"
        return self._cue((state, edge.by or "", object.concept), words, edge.span, object, edge, inferred=True)

    def miss(self, concept: str, words: str, why: Absence, note: str = "") -> str:
        self._missing.append(MissingCue(f"m{len(self._missing) + 1}", concept, words, why, note))
        return self._missing[-1].id

    def rule(self, kind: str, subject: str, object: str, concept: str | None = None) -> str:
        """A rule of the procedure; `concept` is the state by which its object is seen, where that is a sub-goal."""
        found = next(
            one for one in self._situation.procedure.rules if (one.kind, one.subject, one.object) == (kind, subject, object)
        )
        return self._ground(GroundKind(kind), subject, concept or object, found.why, found.citations)

    def hazard(self, name: str, condition: str) -> str:
        """A hazard of the procedure, and the concept whose sight means that it may come."""
        hazard = self._situation.procedure.hazard(name)
        return self._ground(GroundKind.HAZARD, name, condition, hazard.why, hazard.citations)

    def follows(self, phase: str, after: str, words: str, citations: tuple[str, ...]) -> str:
        return self._ground(GroundKind.FOLLOWS, after, concept_of(phase).id, words, citations)

    def conclude(self, kind: ConclusionKind, subject: str, premises: Sequence[str]) -> None:
        self._conclusions.append(Conclusion(kind, subject, tuple(premises)))

    def at_risk(self, name: str, condition: str, cue: str, structures: tuple[str, ...] = ()) -> None:
        """The hazard, named as a risk and concluded from the cue that shows its condition."""
        hazard: Hazard = self._situation.procedure.hazard(name)
        self.conclude(ConclusionKind.AT_RISK, name, (cue, self.hazard(name, condition)))
        self._risks.append(RiskNamed(name, hazard.name, structures, hazard.advice, hazard.citations))

    def expect_forecast(self) -> None:
        """What the forecaster expects now."""
        forecast = self._situation.forecast
        for option in (forecast.options if forecast is not None else ())[:_EXPECTED_NAMED]:
            if option.probability >= _EXPECTED_SHARE:
                self._expected.append(Expected(option.id, self._named(option.id), option.probability, option.in_seconds))

    def thought(self, abstain: str | None = None) -> Thought:
        now = self._situation.now
        start = min([now, *(cue.span.start_seconds for cue in self._seen)])
        confidence = min((cue.confidence for cue in self._seen), default=None) if abstain is None else None
        return Thought(
            "",
            self._decision,
            self._question,
            now,
            Span(start, now),
            tuple(self._options),
            tuple(self._seen),
            tuple(self._missing),
            tuple(self._grounds),
            tuple(self._conclusions),
            tuple(self._risks),
            tuple(self._expected),
            confidence,
            abstain,
            "",
        )

    def _cue(self, concepts: tuple[str, ...], words: str, span: Span, node: Node, edge: Edge | None, inferred: bool = False) -> str:
        frames = node.frames if edge is None else edge.frames
        basis = "inferred" if inferred else node.basis
        same = next((one for one in self._seen if (one.concepts, one.span, one.basis) == (concepts, span, basis)), None)
        if same is not None:
            return same.id
        cue = Cue(f"c{len(self._seen) + 1}", concepts, words, span, frames.seconds, frames.key_seconds, frames.confidence, basis)
        self._seen.append(cue)
        return cue.id

    def _ground(self, kind: GroundKind, subject: str, object: str, words: str, citations: tuple[str, ...]) -> str:
        self._grounds.append(Ground(f"g{len(self._grounds) + 1}", kind, subject, object, words, citations))
        return self._grounds[-1].id

    def _named(self, name: str) -> str:
        for phase in self._situation.procedure.phases:
            if phase.id == name:
                return phase.name
            for step in phase.steps:
                if step.id == name:
                    return step.name
        return label(name)


def absence_of(state: SubGoalState | None, unseen: str | None) -> tuple[Absence, str]:
    """Why a sub-goal is not among the cues: never looked for or its result not judged, not seen so far, or the past unseen."""
    if state is not None and state.level is SubGoalLevel.NOT_ASSESSED:
        return Absence.NOT_PERCEIVED, state.why
    if state is not None and state.level is SubGoalLevel.UNDER_WAY:
        return Absence.NOT_PERCEIVED, f"{state.why}; whether it was reached is not assessed"
    if unseen is not None:
        return Absence.NO_VIEW, unseen
    return Absence.NOT_SEEN, state.why if state is not None else ""
