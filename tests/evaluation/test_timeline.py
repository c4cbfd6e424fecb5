"""Timeline measures by hand."""

from __future__ import annotations

import pytest

from medgrpo.core import Span
from medgrpo.evaluation import edit_score, event_agreement, segment_f1


def at(name: str, start: float, end: float) -> tuple[str, Span]:
    return name, Span(start, end)


def test_segment_f1_by_hand() -> None:
    truth = [at("a", 0, 10), at("b", 10, 20), at("a", 20, 30)]
    predicted = [at("a", 0, 8), at("b", 8, 14), at("a", 14, 30)]
    # a: 8/10 = .8; b: overlap 4 of union 12 = .33; a: 10/16 = .625
    half = segment_f1(predicted, truth, 0.5)
    assert (half.found, half.predicted, half.true) == (2, 3, 3)
    assert half.f1 == pytest.approx(2 / 3)
    assert segment_f1(predicted, truth, 0.25).f1 == 1
    assert segment_f1(predicted, truth, 0.7).found == 1


def test_a_true_segment_is_found_once_and_splitting_costs_precision() -> None:
    truth = [at("a", 0, 10)]
    predicted = [at("a", 0, 6), at("a", 6, 10)]
    agreement = segment_f1(predicted, truth, 0.4)
    assert (agreement.precision, agreement.recall) == (0.5, 1)


def test_a_wrong_label_is_not_found() -> None:
    assert segment_f1([at("b", 0, 10)], [at("a", 0, 10)]).f1 == 0


def test_nothing_on_either_side_has_no_score() -> None:
    nothing = segment_f1([], [])
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    assert segment_f1([], [at("a", 0, 1)]).f1 == 0


@pytest.mark.parametrize("iou", [0, -1, 1.1])
def test_an_impossible_overlap_is_refused(iou: float) -> None:
    with pytest.raises(ValueError, match="iou"):
        segment_f1([], [], iou)


@pytest.mark.parametrize(
    ("predicted", "truth", "score"),
    [
        ("abc", "abc", 1.0),
        ("aabbcc", "abc", 1.0),  # equal neighbours are one segment
        ("ac", "abc", 2 / 3),
        ("abab", "ab", 0.5),
        ("", "ab", 0.0),
        ("", "", 1.0),
    ],
)
def test_edit_score_by_hand(predicted: str, truth: str, score: float) -> None:
    assert edit_score(list(predicted), list(truth)) == pytest.approx(score)


def test_events_within_a_tolerance_one_to_one() -> None:
    truth = [at("clip", 10, 12), at("clip", 20, 22), at("cut", 30, 31)]
    predicted = [at("clip", 13, 14), at("clip", 13.5, 15), at("cut", 36, 37)]
    near = event_agreement(predicted, truth, 2)
    assert (near.found, near.predicted, near.true) == (1, 3, 3)
    wide = event_agreement(predicted, truth, 5)
    assert wide.found == 3
    assert wide.recall == 1


def test_the_nearest_pair_is_taken_first() -> None:
    truth = [at("clip", 10, 11), at("clip", 14, 15)]
    predicted = [at("clip", 12.5, 13), at("clip", 9, 9.5)]
    assert event_agreement(predicted, truth, 1.5).found == 2


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        event_agreement([], [], -1)
