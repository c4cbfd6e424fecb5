"""The same seed gives the same case; the truth of every frame is consistent and lies where the pixels are."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from medgrpo.core import InputError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS, Procedure
from medgrpo.simulation import Case, FrameTruth, ViewKind, simulate


def test_equal_seeds_give_equal_pixels_in_any_order(procedure: Procedure, case: Case) -> None:
    again = simulate(procedure, 2, 7, size_wh=(320, 180), frame_rate=5)
    moments = [1.0, 30.2, 80.4]
    forwards = [case.picture_at(seconds) for seconds in moments]
    backwards = [again.picture_at(seconds) for seconds in reversed(moments)][::-1]
    for seconds, one, other in zip(moments, forwards, backwards, strict=True):
        assert hashlib.sha256(one.tobytes()).digest() == hashlib.sha256(other.tobytes()).digest()
        assert case.truth_at(seconds) == again.truth_at(seconds)


def test_another_seed_is_another_case(procedure: Procedure, case: Case) -> None:
    other = simulate(procedure, 2, 8, size_wh=(320, 180), frame_rate=5)
    assert other.script != case.script
    assert np.mean(other.picture_at(40.0) != case.picture_at(40.0)) > 0.3


def test_every_frame_of_two_minutes_has_its_truth(case: Case) -> None:
    truths = list(case.truths())
    assert len(truths) == case.frame_count == 600
    assert [truth.index for truth in truths] == list(range(600))
    assert {truth.phase for truth in truths} == set(PHASES)
    for truth in truths:
        for instance in truth.instances():
            assert instance.triplet is not None
            triplet = TRIPLETS[instance.triplet]
            assert instance.instrument == INSTRUMENTS.index(triplet.instrument)
            assert instance.verb == VERBS.index(triplet.verb)
            assert instance.target == TARGETS.index(triplet.target)
            assert instance.phase == PHASES.index(truth.phase)
            assert instance.instrument_box is not None
            assert instance.instrument_box.area > 0
    instruments = {tip.triplet.instrument for truth in truths for tip in truth.tips}
    assert instruments == set(INSTRUMENTS)


def test_no_instrument_is_labelled_while_the_site_is_out_of_sight(case: Case) -> None:
    unseen = [truth for truth in case.truths() if truth.view in (ViewKind.OUTSIDE, ViewKind.BLACK)]
    assert unseen
    assert all(truth.tips == () and truth.blood_fraction == 0.0 for truth in unseen)


def test_the_critical_view_only_rises(case: Case) -> None:
    seen = [truth.critical_view for truth in case.truths()]
    assert seen[0] == (0, 0, 0)
    assert seen[-1] == (2, 2, 2)
    assert all(a <= b for before, after in itertools.pairwise(seen) for a, b in zip(before, after, strict=True))


def _alone(case: Case, truth: FrameTruth) -> bool:
    at = truth.seconds
    present = [v for v in case.script.visits if v.span.start_seconds - 1 < at < v.span.end_seconds + 1]
    return len(truth.tips) == 1 and truth.view is ViewKind.INSIDE and len(present) == 1


def test_boxes_hold_the_drawn_tip(case: Case) -> None:
    """Where an instrument is the only one, the pixels that it changes fill its box from side to side."""
    alone = [truth for truth in case.truths() if _alone(case, truth)]
    assert len(alone) >= 8
    for truth in alone[:: len(alone) // 8]:
        drawn = case.picture_at(truth.seconds).astype(int)
        bare = case.picture_at(truth.seconds, instruments=False).astype(int)
        changed = np.abs(drawn - bare).max(axis=2) > 40
        x0, y0, x1, y1 = (round(v * s) for v, s in zip(truth.tips[0].box_xyxy.xyxy, (320, 180, 320, 180), strict=True))
        inside = changed[y0:y1, x0:x1]
        assert inside.mean() > 0.10, truth
        columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
        assert np.ptp(columns) > 0.6 * (x1 - x0 - 1), truth
        assert np.ptp(rows) > 0.6 * (y1 - y0 - 1), truth


@pytest.mark.parametrize(
    ("minutes", "seed", "size_wh", "frame_rate", "said"),
    [
        (1.9, 1, (640, 360), 25, "2 to 600 minutes"),
        (2, -1, (640, 360), 25, "seed"),
        (2, 1, (641, 360), 25, "even sides"),
        (2, 1, (64, 36), 25, "160x120"),
        (2, 1, (640, 360), 0, "frame rate"),
    ],
)
def test_what_cannot_be_is_refused(
    procedure: Procedure, minutes: float, seed: int, size_wh: tuple[int, int], frame_rate: int, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        simulate(procedure, minutes, seed, size_wh=size_wh, frame_rate=frame_rate)


def test_pictures_say_that_they_are_simulated(case: Case) -> None:
    """The stamp's first letter S, 3x5 dots at (3, 172), is there even in black pictures."""
    picture = case.picture_at(119.95)
    assert case.truth_at(119.95).view is ViewKind.BLACK
    letter = picture[172:177, 3:6].mean(axis=2) > 60
    assert letter.astype(int).tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 1]]
