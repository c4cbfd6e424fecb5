"""Chains of thought over scripted operations: made at the moments that matter, with what was seen and what was not."""

from types import ModuleType

import pytest

from medgrpo.core import Span, clock
from medgrpo.knowledge import Procedure
from medgrpo.reasoning import Absence, ConclusionKind, Evidence, SubGoalLevel, SubGoalState, Thought, Timeline, faults, reason
from medgrpo.reasoning.situation import absence_of


def run(streams: ModuleType, procedure: Procedure, parts: list, seconds: float | None = None) -> Timeline:
    return reason(streams.Script(tuple(parts), seconds or streams.end_of(parts)).observations(), procedure)


def of(timeline: Timeline, decision: str) -> list[Thought]:
    return [thought for thought in timeline.thoughts if thought.decision == decision]


def concluded(thought: Thought) -> set[tuple[ConclusionKind, str]]:
    return {(one.kind, one.subject) for one in thought.conclusions}


@pytest.fixture(scope="module")
def whole(streams: ModuleType, procedure: Procedure) -> Timeline:
    parts = [*streams.operation(), streams.Part(60, 80, blood=0.3), streams.Part(200, 210, state=streams.ViewState.BLURRED)]
    return run(streams, procedure, parts)


def test_a_whole_operation_is_thought_about_at_its_moments_and_nowhere_else(whole: Timeline):
    made = [thought.decision for thought in whole.thoughts]
    assert made == [
        "continue_dissection", "bleeding", "clip", "clip", "clip", "divide", "divide", "keep_plane", "view", "bag", "extract",
    ]  # fmt: skip
    assert whole.refused_thoughts == ()
    assert [thought.id for thought in whole.thoughts] == [f"thought-{number:04d}" for number in range(1, len(made) + 1)]


def test_every_recorded_chain_stands_before_the_checker(whole: Timeline, procedure: Procedure):
    for thought in whole.thoughts:
        assert faults(thought, procedure, thought.seconds) == ()
        assert all(cue.seconds for cue in thought.cues_seen)
        assert thought.citations
        assert thought.options


def test_at_a_clip_the_criteria_are_missing_because_nobody_grades_them(whole: Timeline):
    before, clip, _ = of(whole, "clip")
    assert before.text.startswith("Clipping is about to begin. The hook electrode was seen dissecting the gallbladder,")
    assert "state:triangle_cleared" in {cue.concept for cue in clip.cues_missing}
    assert {cue.why for cue in clip.cues_missing} == {Absence.NOT_PERCEIVED}
    assert concluded(clip) >= {
        (ConclusionKind.NOT_SHOWN, "clip_structures"),
        (ConclusionKind.ABSTAINED, "clip_structures"),
        (ConclusionKind.AT_RISK, "bile_duct_injury"),
    }
    assert clip.confidence is None
    assert clip.abstain is not None
    assert clip.text.startswith("The cystic duct has been clipped. The hook electrode was seen dissecting")
    assert "Before anything more is clipped, verify the critical view" in clip.text
    assert (before.question, clip.question[:17]) == ("Clip now, or look again first?", "Clipping was seen")
    assert "clip" in {one.id for one in before.options}
    assert "clip" not in {one.id for one in clip.options}
    (cue,) = (one for one in clip.cues_seen if "action:clip" in one.concepts)
    assert f"({clock(cue.span.start_seconds)}–{clock(cue.span.end_seconds)})" in clip.question


def test_a_division_after_its_clip_is_shown_to_be_closed(whole: Timeline):
    duct = of(whole, "divide")[0]
    assert concluded(duct) == {(ConclusionKind.SHOWN, "divide_structures")}
    assert duct.cues_seen[1].basis == "inferred"
    assert duct.text == "The cystic duct has been divided. A clip on the cystic duct was seen before."
    assert duct.confidence == min(cue.confidence for cue in duct.cues_seen)


def test_a_division_without_a_clip_is_a_risk(streams: ModuleType, procedure: Procedure):
    parts = streams.operation(acts=(("scissors,cut,cystic_duct", 32.0),))
    (duct,) = of(run(streams, procedure, parts), "divide")
    assert concluded(duct) == {
        (ConclusionKind.NOT_SHOWN, "divide_structures"),
        (ConclusionKind.AT_RISK, "division_before_clip"),
    }
    assert [cue.why for cue in duct.cues_missing] == [Absence.NOT_SEEN]
    assert duct.abstain is None
    assert "A clip on the cystic duct has not been seen so far. Stop and look at the stump" in duct.text


def test_a_clip_on_something_that_is_not_told_apart_leaves_it_open(streams: ModuleType, procedure: Procedure):
    parts = streams.operation(acts=(("clipper,clip,blood_vessel", 10.0), ("scissors,cut,cystic_duct", 32.0)))
    (duct,) = of(run(streams, procedure, parts), "divide")
    assert (ConclusionKind.ABSTAINED, "divide_structures") in concluded(duct)
    assert (ConclusionKind.AT_RISK, "division_before_clip") not in concluded(duct)
    assert duct.abstain is not None


def test_a_division_at_the_beginning_of_a_video_is_not_judged(streams: ModuleType, procedure: Procedure):
    parts = streams.operation(acts=(("scissors,cut,cystic_duct", 32.0),), first=2)
    for duct in of(run(streams, procedure, parts), "divide"):
        assert {cue.why for cue in duct.cues_missing} == {Absence.NO_VIEW}
        assert duct.abstain is not None


def test_bleeding_forbids_a_clip(whole: Timeline):
    (bleeding,) = of(whole, "bleeding")
    assert concluded(bleeding) == {(ConclusionKind.FORBIDDEN, "clip_structures"), (ConclusionKind.AT_RISK, "bleeding")}
    assert bleeding.cues_seen[0].basis == "image measure"
    assert [cue.why for cue in bleeding.cues_missing] == [Absence.NOT_PERCEIVED]


def test_a_cue_stands_once_in_a_chain(whole: Timeline):
    for thought in whole.thoughts:
        cues = [(cue.concepts, cue.span) for cue in thought.cues_seen]
        assert len(cues) == len(set(cues))
    (bleeding,) = of(whole, "bleeding")
    assert [cue.concepts for cue in bleeding.cues_seen] == [("state:view_bleeding",)]


def test_a_bag_that_was_seen_is_not_said_to_be_unseen():
    state = SubGoalState(
        "gallbladder_bagged", "gallbladder-packaging", SubGoalLevel.UNDER_WAY, Span(5, 9), "actions towards it are seen",
        Evidence((5.0,), 5.0, "scripted", 0.5), (),
    )  # fmt: skip
    why, note = absence_of(state, None)
    assert why is Absence.NOT_PERCEIVED
    assert "whether it was reached is not assessed" in note


def test_without_a_view_nothing_is_said_of_the_field(whole: Timeline):
    (view,) = of(whole, "view")
    assert view.abstain is not None
    assert (ConclusionKind.ABSTAINED, "view") in concluded(view)


def test_the_colleague_speaks_in_whole_sentences(whole: Timeline):
    first = of(whole, "continue_dissection")[0]
    assert first.text.startswith("The hepatocystic triangle is being dissected.")
    assert "the cystic plate" in first.text
    assert "Keep to the gallbladder wall" in first.text
    for thought in whole.thoughts:
        assert all(sentence[0].isupper() for sentence in thought.text.split(". "))
        assert thought.text.endswith(".")
        assert "{" not in thought.text
        assert "_" not in thought.text


def test_an_order_that_is_not_expected_is_thought_about(streams: ModuleType, procedure: Procedure):
    parts = [
        streams.Part(0, 60, phase="carlot-triangle-dissection", action="hook,dissect,gallbladder"),
        streams.Part(60, 120, phase="gallbladder-extraction", action="grasper,grasp,specimen_bag"),
    ]
    timeline = run(streams, procedure, parts)
    assert timeline.refused_thoughts == ()
    for order in of(timeline, "order"):
        assert (ConclusionKind.UNUSUAL, "carlot-triangle-dissection") in concluded(order)
    assert bool(of(timeline, "order")) == bool(timeline.unusual_orders)


@pytest.mark.parametrize("seed", range(3))
def test_noise_never_makes_a_chain_that_is_refused(streams: ModuleType, procedure: Procedure, seed: int):
    parts = [*streams.operation(), streams.Part(60, 80, blood=0.3)]
    timeline = reason(streams.Script(tuple(parts), 350, rate=1.5, noise=1.2, seed=seed).observations(), procedure)
    assert timeline.refused_thoughts == ()
