"""The checker: a chain of thought is recorded only if every part of it stands. Deterministic; it knows no model and no language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from medgrpo.knowledge import Procedure
from medgrpo.reasoning.chain import GroundKind, Thought
from medgrpo.reasoning.graph import vocabulary
from medgrpo.reasoning.support import SUPPORTS, premises_of

_RULE_KINDS = (GroundKind.REQUIRES, GroundKind.BEFORE, GroundKind.FORBIDS)


def faults(thought: Thought, procedure: Procedure, latest_seconds: float) -> tuple[str, ...]:
    """Why the chain may not be recorded; () when it may. `latest_seconds` is the last look known when it was made."""
    return tuple(fault for check in CHECKS for fault in check(thought, procedure, latest_seconds))


def _cues_have_frames(thought: Thought, _procedure: Procedure, _latest: float) -> Iterator[str]:
    for cue in thought.cues_seen:
        if not cue.seconds:
            yield f"cue {cue.id} has no frame: {cue.words}"
        elif cue.key_seconds not in cue.seconds:
            yield f"cue {cue.id}: its key frame is none of its frames"


def _times_lie_in_the_video(thought: Thought, _procedure: Procedure, latest: float) -> Iterator[str]:
    """Also no frame from after the moment at which the chain was made."""
    if not 0 <= thought.seconds <= latest:
        yield f"made at {thought.seconds} s, outside the video seen so far (0..{latest} s)"
    if thought.span.end_seconds > latest:
        yield f"speaks of a stretch until {thought.span.end_seconds} s, outside the video seen so far (0..{latest} s)"
    for cue in thought.cues_seen:
        outside = [one for one in (*cue.seconds, cue.span.end_seconds) if not 0 <= one <= min(latest, thought.seconds)]
        if outside:
            yield f"cue {cue.id} names {outside[0]} s, which is not a time up to the chain's own ({thought.seconds} s)"


def _numbers_are_shares(thought: Thought, _procedure: Procedure, _latest: float) -> Iterator[str]:
    for what, value in (
        ("the chain's confidence", thought.confidence),
        *((f"confidence of cue {cue.id}", cue.confidence) for cue in thought.cues_seen),
        *((f"probability of {one.id}", one.probability) for one in thought.expected_next),
    ):
        if value is not None and not 0 <= value <= 1:
            yield f"{what} must lie in 0..1, got {value}"
    if any(one.in_seconds is not None and not 0 <= one.in_seconds < float("inf") for one in thought.expected_next):
        yield "something is expected before now, or never"


def _knowledge_has_sources(thought: Thought, procedure: Procedure, _latest: float) -> Iterator[str]:
    known = {citation.key for citation in procedure.citations}
    for name, citations in (
        *((f"ground {one.id} ({one.words})", one.citations) for one in thought.grounds),
        *((f"risk {one.hazard}", one.citations) for one in thought.risks),
    ):
        if not citations:
            yield f"{name} has no source"
        elif not set(citations) <= known:
            yield f"{name} cites {sorted(set(citations) - known)[0]!r}, which is no source of {procedure.id}"


def _rules_are_the_procedures(thought: Thought, procedure: Procedure, _latest: float) -> Iterator[str]:
    rules = {(rule.kind, rule.subject, rule.object) for rule in procedure.rules}
    states = {goal.id: goal.state for phase in procedure.phases for goal in phase.sub_goals}
    known = rules | {(kind, subject, states[name]) for kind, subject, name in rules if states.get(name) is not None}
    for ground in thought.grounds:
        if ground.kind in _RULE_KINDS and (ground.kind.value, ground.subject, ground.object) not in known:
            yield f"ground {ground.id} ({ground.subject} {ground.kind} {ground.object}) is no rule of {procedure.id}"
    hazards = {hazard.id for hazard in procedure.hazards}
    for name in [one.hazard for one in thought.risks] + [one.subject for one in thought.grounds if one.kind is GroundKind.HAZARD]:
        if name not in hazards:
            yield f"{name!r} is no hazard of {procedure.id}"


def _concepts_exist(thought: Thought, _procedure: Procedure, _latest: float) -> Iterator[str]:
    named = [concept for cue in thought.cues_seen for concept in cue.concepts] + [cue.concept for cue in thought.cues_missing]
    for concept in dict.fromkeys(named):
        if concept not in vocabulary():
            yield f"{concept!r} is no concept of the vocabulary"


def _conclusions_are_supported(thought: Thought, _procedure: Procedure, _latest: float) -> Iterator[str]:
    if not thought.conclusions:
        yield "concludes nothing"
    for conclusion in thought.conclusions:
        what = f"{conclusion.subject} {conclusion.kind}"
        try:
            premises = premises_of(thought, conclusion)
        except KeyError as error:
            yield f"conclusion '{what}' rests on {error.args[0]}, which is not in the chain"
            continue
        if not SUPPORTS[conclusion.kind](conclusion.subject, premises):
            yield f"conclusion '{what}' does not follow from {', '.join(conclusion.premises) or 'nothing'}"


def _sure_or_silent(thought: Thought, _procedure: Procedure, _latest: float) -> Iterator[str]:
    if (thought.confidence is None) != (thought.abstain is not None):
        yield "a chain has a confidence or a reason to abstain, and not both"
    elif thought.confidence is not None and thought.cues_seen:
        least = min(cue.confidence for cue in thought.cues_seen)
        if thought.confidence > least:
            yield f"surer ({thought.confidence:.2f}) than the weakest cue it rests on ({least:.2f})"
    if thought.abstain == "":
        yield "abstains without a reason"


CHECKS: tuple[Callable[[Thought, Procedure, float], Iterator[str]], ...] = (
    _cues_have_frames,
    _times_lie_in_the_video,
    _numbers_are_shares,
    _knowledge_has_sources,
    _rules_are_the_procedures,
    _concepts_exist,
    _conclusions_are_supported,
    _sure_or_silent,
)
