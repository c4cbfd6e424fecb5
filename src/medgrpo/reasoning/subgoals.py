"""Sub-goals: what has been begun, what is achieved as far as actions show, what is missing. Pure functions of what was recorded.

Perception sees actions, never results. "Achieved" is an inference: an action whose completion means it was seen through. Where the
procedure names no such action, as for the three criteria of the critical view, "worked towards" is all that is ever said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medgrpo.core import Span, length
from medgrpo.knowledge import Procedure, SubGoal, label
from medgrpo.reasoning.config import SubGoalConfig
from medgrpo.reasoning.records import ActionSegment, Event, Evidence, PhaseSegment, StepSegment, SubGoalLevel, SubGoalState
from medgrpo.reasoning.towards import SeenAct, Work, merged, seen_acts, work_towards

NO_ACTION = "no action shows it, and this version sees no results"
NO_PHASE = "no phase could be named"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of an operation, each in order of time, up to `end`. Actions are over, `doing` are those under way."""

    phases: Sequence[PhaseSegment]
    steps: Sequence[StepSegment]
    actions: Sequence[ActionSegment]
    end: float
    events: Sequence[Event] = ()
    doing: Sequence[ActionSegment] = ()


@dataclass(frozen=True, slots=True)
class _Told:
    """What every sub-goal is held against, put in order once for all of them."""

    seen: Seen
    acts: Sequence[SeenAct]
    completed: Sequence[ActionSegment]
    """Actions by their ends."""

    @classmethod
    def of(cls, seen: Seen) -> _Told:
        acts = seen_acts([*seen.actions, *seen.doing], seen.events)
        return cls(seen, acts, sorted(seen.actions, key=lambda one: one.span.end_seconds))


@dataclass(frozen=True, slots=True)
class _Change:
    at: float
    level: SubGoalLevel
    why: str
    evidence: Evidence | None = None


def sub_goal_states(procedure: Procedure, seen: Seen, config: SubGoalConfig) -> tuple[SubGoalState, ...]:
    """Every sub-goal over the whole time from 0 to `seen.end`, without gaps: in the procedure's order, each in order of time."""
    told = _Told.of(seen)
    return tuple(
        state
        for phase in procedure.phases
        for goal in phase.sub_goals
        for state in _stretches(goal, phase.id, _changes(goal, phase.id, procedure, told, config), seen.end)
    )


def _changes(goal: SubGoal, phase: str, procedure: Procedure, told: _Told, config: SubGoalConfig) -> list[_Change]:
    visible = {step.id for step in procedure.phase(phase).steps if step.seen_by}
    named = [one for one in told.seen.phases if one.phase is not None]
    if not named:
        return [_Change(0.0, SubGoalLevel.NOT_ASSESSED, NO_PHASE)]
    if not visible & set(goal.steps) and not goal.achieved_by:
        return [_Change(0.0, SubGoalLevel.NOT_ASSESSED, NO_ACTION)]
    work = _work(goal, phase, procedure, told)
    done = _completed(goal, told.completed, config)
    begun = work[0].span.start_seconds if work else None
    changes = [_before(phase, named, procedure)]
    left = _moved_on(phase, 0.0 if begun is None else begun, named, procedure)
    if begun is None:
        if left is not None and changes[0].level is SubGoalLevel.NOT_BEGUN and left.span.start_seconds > 0:
            why = f"no action towards it was seen before {_name(left, procedure)}"
            changes.append(_Change(left.span.start_seconds, SubGoalLevel.NOT_BEGUN, why, left.evidence))
        return changes
    changes.append(_Change(begun, SubGoalLevel.UNDER_WAY, "actions towards it are seen", work[0].evidence))
    if done is not None:
        instrument, verb, target = done.triplet.split(",")
        action = f"{label(instrument)}, {label(verb)} {label(target)}"
        why = f"inferred from an action that was seen through ({action}); the result itself is not judged"
        changes.append(_Change(done.span.end_seconds, SubGoalLevel.ACHIEVED, why, done.evidence))
    else:
        changes += _given_up(goal, phase, work, named, procedure)
    return changes


def _work(goal: SubGoal, phase: str, procedure: Procedure, told: _Told) -> list[Work]:
    """Settled steps of the goal, and the acts that belong to such a step or achieve it, whether or not a step was settled."""
    steps = [Work(step.span, step.evidence) for step in told.seen.steps if step.phase == phase and step.step in goal.steps]
    within = {triplet for step in procedure.phase(phase).steps if step.id in goal.steps for triplet in step.seen_by}
    stretches = [one.span for one in told.seen.phases if one.phase == phase]
    return merged([*steps, *work_towards(told.acts, within, stretches, goal.achieved_by)])


def _completed(goal: SubGoal, actions: Sequence[ActionSegment], config: SubGoalConfig) -> ActionSegment | None:
    """The first action, of these by their ends, that achieves the goal and was seen surely and long enough."""
    for action in actions:
        sure = action.confidence >= config.least_confidence and action.span.duration_seconds >= config.least_seconds
        if action.triplet in goal.achieved_by and sure:
            return action
    return None


def _before(phase: str, named: Sequence[PhaseSegment], procedure: Procedure) -> _Change:
    """What is said before any action towards it was seen."""
    order = [one.id for one in procedure.phases]
    first = named[0]
    if order.index(first.phase or "") > order.index(phase):
        why = f"the video begins with {_name(first, procedure)}: what happened before is not seen"
        return _Change(0.0, SubGoalLevel.NOT_ASSESSED, why)
    return _Change(0.0, SubGoalLevel.NOT_BEGUN, "no action towards it seen so far")


def _moved_on(phase: str, since: float, named: Sequence[PhaseSegment], procedure: Procedure) -> PhaseSegment | None:
    """The first stretch from `since` on of a phase that comes later in the procedure."""
    order = [one.id for one in procedure.phases]
    later = (one for one in named if order.index(one.phase or "") > order.index(phase))
    return next((one for one in later if one.span.start_seconds >= since), None)


def _given_up(
    goal: SubGoal, phase: str, work: Sequence[Work], named: Sequence[PhaseSegment], procedure: Procedure
) -> list[_Change]:
    """Not seen to be achieved: whenever the operation moves on it is open, and under way again when it is come back to."""
    changes: list[_Change] = []
    seconds = 0.0
    for place, step in enumerate(work):
        seconds += step.span.duration_seconds
        if place:
            changes.append(_Change(step.span.start_seconds, SubGoalLevel.UNDER_WAY, "actions towards it are seen", step.evidence))
        left = _moved_on(phase, step.span.end_seconds, named, procedure)
        following = work[place + 1].span.start_seconds if place + 1 < len(work) else None
        if left is None or (following is not None and left.span.start_seconds >= following):
            continue
        sure = "the action that would complete it was not seen surely enough"
        grounds = sure if goal.achieved_by else "the picture has to be judged for it"
        then = f"worked towards for {length(seconds)}, then {_name(left, procedure)}"
        why = f"{then}; whether it was reached is not assessed: {grounds}"
        changes.append(_Change(left.span.start_seconds, SubGoalLevel.NOT_ASSESSED, why, step.evidence))
    return changes


def _stretches(goal: SubGoal, phase: str, changes: Sequence[_Change], end: float) -> list[SubGoalState]:
    """Changes as stretches that touch; what stays the same goes on."""
    kept: list[_Change] = []
    for change in changes:
        if kept and (kept[-1].level, kept[-1].why) == (change.level, change.why):
            continue
        if kept and kept[-1].at >= change.at:
            change = _Change(kept.pop().at, change.level, change.why, change.evidence)
        if not kept or change.at < end:
            kept.append(change)
    ends = [*(change.at for change in kept[1:]), end]
    return [
        SubGoalState(goal.id, phase, change.level, Span(change.at, until), change.why, change.evidence, goal.citations)
        for change, until in zip(kept, ends, strict=True)
    ]


def _name(segment: PhaseSegment, procedure: Procedure) -> str:
    return procedure.phase(segment.phase or "").name
