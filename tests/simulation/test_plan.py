"""Scripts follow the knowledge file, and each deviation is really in them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from medgrpo.core import InputError
from medgrpo.knowledge import PHASES, Procedure
from medgrpo.simulation import Case, Deviation, EventKind, Script, ViewKind, simulate
from medgrpo.simulation.plan import LEAST_SECONDS, plan


def _script(procedure: Procedure, minutes: float, seed: int, *deviations: Deviation) -> Script:
    return plan(procedure, minutes, deviations, np.random.default_rng(seed))


@pytest.mark.parametrize(("minutes", "seed"), [(2, 1), (2, 2), (3, 3), (10, 4), (45, 5)])
def test_phases_are_gapless_complete_and_in_an_allowed_order(procedure: Procedure, minutes: float, seed: int) -> None:
    script = _script(procedure, minutes, seed)
    assert script.phases[0].span.start_seconds == 0.0
    assert script.phases[-1].span.end_seconds == minutes * 60
    assert sorted(part.phase for part in script.phases) == sorted(PHASES)
    for before, after in itertools.pairwise(script.phases):
        assert before.span.end_seconds == after.span.start_seconds
        assert after.phase in {way.phase for way in procedure.phase(before.phase).followed_by}
    assert all(part.span.duration_seconds >= LEAST_SECONDS[part.phase] - 1e-9 for part in script.phases)


def test_long_operations_keep_the_typical_proportions(procedure: Procedure) -> None:
    """Over many seeds a phase's share tends to its typical share: Calot 900 of 2290 seconds is 39 %."""
    middle = {phase.id: phase.typical_seconds[1] for phase in procedure.phases}
    expected = middle["carlot-triangle-dissection"] / sum(middle.values())
    shares = [
        part.span.duration_seconds / 3600
        for seed in range(40)
        for part in _script(procedure, 60, seed).phases
        if part.phase == "carlot-triangle-dissection"
    ]
    assert np.mean(shares) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("seed", range(6))
def test_actions_belong_to_their_phase_and_never_overlap_in_one_hand(procedure: Procedure, seed: int) -> None:
    script = _script(procedure, 10, seed)
    for visit in script.visits:
        phase = script.phase_at(visit.span.start_seconds)
        assert visit.span.end_seconds <= phase.span.end_seconds + 1e-6
        expected = {action.triplet for action in procedure.phase(phase.phase).actions}
        ends = [visit.span.start_seconds]
        for action in visit.actions:
            assert action.triplet.name in expected
            assert action.triplet.instrument == visit.instrument
            assert action.span.start_seconds >= ends[-1] - 1e-6
            ends.append(action.span.end_seconds)
        assert ends[-1] <= visit.span.end_seconds + 1e-6
    for hand in {visit.hand for visit in script.visits}:
        spans = sorted(visit.span for visit in script.visits if visit.hand is hand)
        assert all(a.end_seconds <= b.start_seconds + 1e-6 for a, b in itertools.pairwise(spans))


def test_a_good_operation_clips_both_structures_before_it_divides_them(procedure: Procedure) -> None:
    script = _script(procedure, 2, 1)
    assert script.deviations == (Deviation.NONE,)
    for target in ("cystic_duct", "cystic_artery"):
        clips = [e.span.start_seconds for e in script.of(EventKind.CLIP_APPLIED) if e.target == target]
        (cut,) = [e.span.start_seconds for e in script.of(EventKind.STRUCTURE_DIVIDED) if e.target == target]
        assert len(clips) >= 2
        assert max(clips) < cut
    assert not script.of(EventKind.BLEEDING_SEEN)
    assert not script.of(EventKind.VIEW_LOST)
    assert len(script.of(EventKind.BAG_USED)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_division_before_clipping_is_in_the_truth(procedure: Procedure, seed: int) -> None:
    script = _script(procedure, 2, seed, Deviation.DIVISION_BEFORE_CLIPPING)
    (cut,) = [e for e in script.of(EventKind.STRUCTURE_DIVIDED) if e.target == "cystic_duct"]
    assert all(cut.span.start_seconds < clip.span.start_seconds for clip in script.of(EventKind.CLIP_APPLIED))
    assert script.deviations == (Deviation.DIVISION_BEFORE_CLIPPING,)


def _at_first_clip(case: Case) -> tuple[int, int, int]:
    first = case.script.of(EventKind.CLIP_APPLIED)[0].span.start_seconds
    return case.truth_at(first).critical_view


def test_clipping_before_the_critical_view_is_in_the_truth(procedure: Procedure) -> None:
    hasty = simulate(procedure, 2, 3, [Deviation.CLIPPING_BEFORE_CRITICAL_VIEW], size_wh=(320, 180))
    careful = simulate(procedure, 2, 3, size_wh=(320, 180))
    assert sum(_at_first_clip(hasty)) < 5  # Sanford and Strasberg: 5 of 6 is satisfactory
    assert sum(_at_first_clip(careful)) == 6


def test_bleeding_is_in_the_truth_and_in_the_picture(procedure: Procedure) -> None:
    case = simulate(procedure, 2, 3, [Deviation.BLEEDING], size_wh=(320, 180))
    (event,) = case.script.of(EventKind.BLEEDING_SEEN)
    middle = event.span.start_seconds + 0.45 * event.span.duration_seconds
    before, during = case.truth_at(event.span.start_seconds - 1), case.truth_at(middle)
    assert during.blood_fraction > before.blood_fraction + 0.10
    picture = case.picture_at(middle).astype(float)
    red = (picture[..., 0] > 64) & (picture[..., 1] < 0.32 * picture[..., 0]) & (picture[..., 2] < 0.36 * picture[..., 0])
    assert red.mean() > 0.03
    triplets = {a.triplet.name for v in case.script.visits for a in v.actions if event.span.start_seconds < a.span.start_seconds}
    assert "bipolar,coagulate,blood_vessel" in triplets


@pytest.mark.parametrize("seed", range(4))
def test_lost_view_is_long_and_in_the_truth(procedure: Procedure, seed: int) -> None:
    case = simulate(procedure, 2, seed, [Deviation.LOST_VIEW], size_wh=(320, 180))
    (event,) = case.script.of(EventKind.VIEW_LOST)
    assert event.span.duration_seconds >= 5.0
    for share in (0.1, 0.5, 0.9):
        truth = case.truth_at(event.span.start_seconds + share * event.span.duration_seconds)
        assert truth.view in (ViewKind.BLACK, ViewKind.OBSCURED)
        assert truth.tips == ()


def test_several_deviations_may_be_played_together(procedure: Procedure) -> None:
    script = _script(procedure, 3, 1, Deviation.BLEEDING, Deviation.LOST_VIEW, Deviation.BLEEDING)
    assert script.deviations == (Deviation.BLEEDING, Deviation.LOST_VIEW)
    assert len(script.of(EventKind.BLEEDING_SEEN)) == 1


def test_a_procedure_without_the_seven_phases_is_refused(procedure: Procedure) -> None:
    fewer = procedure.model_copy(update={"phases": procedure.phases[:3]})
    with pytest.raises(InputError, match="seven phases"):
        _script(fewer, 2, 1)
