"""Steps: settled, closed, cut; and the sub-goals they serve."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import ModuleType

import pytest

from medgrpo.core import Span, length
from medgrpo.knowledge import Procedure
from medgrpo.perception import ViewState
from medgrpo.reasoning import (
    ActionSegment,
    Event,
    EventKind,
    Evidence,
    PhaseSegment,
    Reasoner,
    StepSegment,
    SubGoalLevel,
    SubGoalState,
    Timeline,
)
from medgrpo.reasoning.config import SubGoalConfig
from medgrpo.reasoning.subgoals import NO_PHASE, Seen, sub_goal_states

PREPARATION, CALOT, CLIPPING, DISSECTION, PACKAGING, EXTRACTION = (
    "preparation", "carlot-triangle-dissection", "clipping-and-cutting", "gallbladder-dissection", "gallbladder-packaging",
    "gallbladder-extraction",
)  # fmt: skip
CRITERIA = ("triangle_cleared", "cystic_plate_exposed", "two_structures_only")
EVIDENCE = Evidence((1.0,), 1.0, "scripted", 0.8)
CLIP = "clipper,clip,cystic_duct"


def run(streams: ModuleType, procedure: Procedure, parts: list, **settings: object) -> Timeline:
    reasoner = Reasoner(procedure)
    for look in streams.Script(tuple(parts), streams.end_of(parts), **settings).observations():
        reasoner.step(look)
    return reasoner.revised(reasoner.finish(streams.end_of(parts)))


def test_steps_are_where_their_actions_are(streams: ModuleType, procedure: Procedure):
    parts = [
        streams.Part(0, 90, phase=CLIPPING),
        streams.Part(10, 40, action=CLIP),
        streams.Part(50, 80, action="scissors,cut,cystic_duct"),
    ]
    timeline = run(streams, procedure, parts, noise=0.3)
    assert [step.step for step in timeline.steps] == ["clip_structures", "divide_structures"]
    for step, start, end in zip(timeline.steps, (10, 50), (40, 80), strict=True):
        assert step.phase == CLIPPING
        assert step.span.start_seconds == pytest.approx(start, abs=3)
        assert step.span.end_seconds == pytest.approx(end, abs=6)
        assert step.confidence > 0.6


def test_no_step_is_named_where_none_is_seen(streams: ModuleType, procedure: Procedure):
    assert not run(streams, procedure, [streams.Part(0, 90, phase=CLIPPING)], noise=0.3).steps


def test_a_loss_of_sight_ends_a_step(streams: ModuleType, procedure: Procedure):
    parts = [
        streams.Part(0, 90, phase=CLIPPING),
        streams.Part(10, 80, action=CLIP),
        streams.Part(40, 52, state=ViewState.BLACK, not_assessed="black picture"),
    ]
    steps = run(streams, procedure, parts).steps
    assert [step.step for step in steps] == ["clip_structures", "clip_structures"]
    assert steps[0].span.end_seconds <= 40
    assert steps[1].span.start_seconds >= 52


def seen(*phases: tuple[str, float], steps: tuple = (), actions: tuple = ()) -> Seen:
    segments, at = [], 0.0
    for phase, seconds in phases:
        segments.append(PhaseSegment(Span(at, at + seconds), phase, 0.8, EVIDENCE))
        at += seconds
    return Seen(
        segments,
        [StepSegment(Span(start, end), phase, step, 0.8, EVIDENCE) for phase, step, start, end in steps],
        [ActionSegment(Span(start, end), triplet, confidence, EVIDENCE) for triplet, start, end, confidence in actions],
        at,
    )


def course(procedure: Procedure, what: Seen, goal: str) -> list[SubGoalState]:
    return [state for state in sub_goal_states(procedure, what, SubGoalConfig()) if state.sub_goal == goal]


def levels(states: list[SubGoalState]) -> list[tuple[SubGoalLevel, float]]:
    return [(state.level, state.span.start_seconds) for state in states]


def test_an_action_seen_through_achieves_its_goal(procedure: Procedure):
    what = seen(
        (CALOT, 100), (CLIPPING, 60), (DISSECTION, 100),
        steps=((CLIPPING, "clip_structures", 105.0, 130.0),), actions=((CLIP, 108.0, 112.0, 0.8),),
    )  # fmt: skip
    states = course(procedure, what, "duct_clipped")
    assert levels(states) == [(SubGoalLevel.NOT_BEGUN, 0.0), (SubGoalLevel.UNDER_WAY, 105.0), (SubGoalLevel.ACHIEVED, 112.0)]
    assert "the result itself is not judged" in states[-1].why
    assert states[-1].evidence is EVIDENCE
    open_still = course(procedure, what, "artery_clipped")[-1]
    assert (open_still.level, open_still.span.start_seconds) == (SubGoalLevel.NOT_ASSESSED, 160.0)
    assert "the action that would complete it was not seen surely enough" in open_still.why


@pytest.mark.parametrize(("seconds", "confidence"), [(0.5, 0.9), (5.0, 0.4)])
def test_a_doubtful_action_achieves_nothing(procedure: Procedure, seconds: float, confidence: float):
    what = seen((CALOT, 100), (CLIPPING, 60), actions=((CLIP, 108.0, 108.0 + seconds, confidence),))
    assert levels(course(procedure, what, "duct_clipped")) == [(SubGoalLevel.NOT_BEGUN, 0.0), (SubGoalLevel.UNDER_WAY, 108.0)]


def test_the_critical_view_is_worked_towards_and_never_achieved(procedure: Procedure):
    work = ((CALOT, "critical_view_two_structures", 50.0, 90.0), (CALOT, "critical_view_two_structures", 190.0, 200.0))
    what = seen((PREPARATION, 40), (CALOT, 60), (CLIPPING, 60), (CALOT, 60), (CLIPPING, 60), steps=work)
    states = course(procedure, what, "two_structures_only")
    assert levels(states) == [
        (SubGoalLevel.NOT_BEGUN, 0.0), (SubGoalLevel.UNDER_WAY, 50.0), (SubGoalLevel.NOT_ASSESSED, 100.0),
        (SubGoalLevel.UNDER_WAY, 190.0), (SubGoalLevel.NOT_ASSESSED, 220.0),
    ]  # fmt: skip
    assert "worked towards for 50 s" in states[-1].why
    assert "the picture has to be judged" in states[-1].why
    for goal in CRITERIA:
        assert not procedure.sub_goal(goal).achieved_by


def test_what_is_missing_is_said(procedure: Procedure):
    states = course(procedure, seen((CALOT, 100), (CLIPPING, 60)), "cystic_plate_exposed")
    assert levels(states) == [(SubGoalLevel.NOT_BEGUN, 0.0), (SubGoalLevel.NOT_BEGUN, 100.0)]
    assert "no action towards it was seen before Clipping" in states[-1].why


def test_what_cannot_be_known_is_not_assessed(procedure: Procedure):
    late = course(procedure, seen((DISSECTION, 100)), "duct_clipped")
    assert [(state.level, "begins with" in state.why) for state in late] == [(SubGoalLevel.NOT_ASSESSED, True)]
    nothing = sub_goal_states(procedure, Seen((), (), (), 30.0), SubGoalConfig())
    assert {(state.level, state.why) for state in nothing} == {(SubGoalLevel.NOT_ASSESSED, NO_PHASE)}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_sub_goal_has_one_state_at_every_moment(streams: ModuleType, procedure: Procedure, seed: int):
    timeline = run(streams, procedure, streams.operation(), noise=0.4, seed=seed)
    goals = [goal.id for phase in procedure.phases for goal in phase.sub_goals]
    for goal in goals:
        states = [state for state in timeline.sub_goals if state.sub_goal == goal]
        assert states[0].span.start_seconds == 0
        assert states[-1].span.end_seconds == timeline.duration_seconds
        assert all(one.span.end_seconds == other.span.start_seconds for one, other in pairwise(states))
        if goal in CRITERIA:
            assert SubGoalLevel.ACHIEVED not in {state.level for state in states}
    reached = {state.sub_goal for state in timeline.sub_goals if state.level is SubGoalLevel.ACHIEVED}
    assert {"duct_clipped", "artery_clipped", "duct_divided", "artery_divided"} <= reached


def test_what_is_achieved_and_missing_can_be_asked_at_any_moment(streams: ModuleType, procedure: Procedure):
    parts = streams.operation()
    reasoner = Reasoner(procedure)
    for look in streams.Script(tuple(parts), 132.0).observations():  # the duct is clipped, nothing is divided
        reasoner.step(look)
    now = {state.sub_goal: state.level for state in reasoner.sub_goals()}
    assert now["duct_clipped"] is SubGoalLevel.ACHIEVED
    assert now["duct_divided"] is SubGoalLevel.NOT_BEGUN
    assert now["gallbladder_bagged"] is SubGoalLevel.NOT_BEGUN
    assert now["two_structures_only"] is not SubGoalLevel.ACHIEVED


def test_levels_need_their_evidence_and_reason():
    with pytest.raises(ValueError, match="without evidence"):
        SubGoalState("g", CALOT, SubGoalLevel.ACHIEVED, Span(0, 1), "why", None, ())
    with pytest.raises(ValueError, match="without a reason"):
        SubGoalState("g", CALOT, SubGoalLevel.NOT_BEGUN, Span(0, 1), "", None, ())


def test_an_act_counts_where_no_step_was_settled(procedure: Procedure):
    packing = (PACKAGING, 10), (EXTRACTION, 20)
    what = seen((DISSECTION, 60), *packing, actions=(("grasper,pack,gallbladder", 61.0, 69.0, 0.5),))
    states = course(procedure, what, "gallbladder_bagged")
    assert levels(states) == [(SubGoalLevel.NOT_BEGUN, 0.0), (SubGoalLevel.UNDER_WAY, 61.0), (SubGoalLevel.NOT_ASSESSED, 70.0)]
    assert "worked towards for 8 s" in states[-1].why
    assert "not seen surely enough" in states[-1].why


def test_an_act_of_another_phase_is_no_work_towards_a_criterion(procedure: Procedure):
    triplet = next(
        name
        for step in procedure.phase(CALOT).steps
        if step.id == "critical_view_two_structures"
        for name in step.seen_by
    )  # fmt: skip
    inside = seen((CALOT, 60), (DISSECTION, 60), actions=((triplet, 30.0, 40.0, 0.7),))
    assert SubGoalLevel.UNDER_WAY in {state.level for state in course(procedure, inside, "two_structures_only")}
    outside = seen((CALOT, 60), (DISSECTION, 60), actions=((triplet, 80.0, 90.0, 0.7),))
    assert {state.level for state in course(procedure, outside, "two_structures_only")} == {SubGoalLevel.NOT_BEGUN}


def test_a_clip_on_the_pedicle_is_work_towards_duct_and_artery(procedure: Procedure):
    event = Event(EventKind.CLIP_APPLIED, Span(110.0, 120.0), "cystic_pedicle", EVIDENCE)
    what = replace(seen((CALOT, 100), (CLIPPING, 60)), events=(event,))
    for goal in ("duct_clipped", "artery_clipped"):
        assert levels(course(procedure, what, goal)) == [(SubGoalLevel.NOT_BEGUN, 0.0), (SubGoalLevel.UNDER_WAY, 110.0)]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (20, "20 s"), (173, "2 min 53 s"), (120, "2 min"), (3720, "1 h 02 min")]
)
def test_a_length_is_in_words(seconds: float, words: str):
    assert length(seconds) == words
