import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from medgrpo.core import Box
from medgrpo.evaluation import Detection, average_precision, detection_ap, expected_calibration_error


def row(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_average_precision_by_hand():
    # ranked: hit, miss, hit -> (1/2) * 1/1 + (1/2) * 2/3
    assert average_precision(row(1, 0, 1), row(0.9, 0.8, 0.7)) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_average_precision_of_nothing_positive_is_not_a_number_made_up():
    assert average_precision(row(0, 0), row(0.1, 0.2)) is None


def test_equal_scores_are_one_threshold():
    # whoever says the same of every frame gets the base rate, whatever the order
    assert average_precision(row(1, 0, 0, 0), row(0.5, 0.5, 0.5, 0.5)) == pytest.approx(0.25)
    assert average_precision(row(0, 0, 0, 1), row(0.5, 0.5, 0.5, 0.5)) == pytest.approx(0.25)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40).filter(lambda pairs: any(t for t, _ in pairs))
)
def test_average_precision_equals_scikit_learn(pairs: list[tuple[bool, int]]):
    truth = np.array([t for t, _ in pairs], np.float32)
    score = np.array([s for _, s in pairs], np.float32)
    assert average_precision(truth, score) == pytest.approx(average_precision_score(truth, score), abs=1e-6)


def test_triplet_map_equals_ivtmetrics():
    from ivtmetrics import Recognition

    generator = np.random.default_rng(0)
    truth = (generator.random((60, 100)) < 0.05).astype(np.float32)
    score = generator.random((60, 100)).astype(np.float32)
    peer = Recognition(num_class=100)
    peer.update(truth, score)
    peer.video_end()
    theirs = peer.compute_video_AP("ivt")["AP"]
    ours = [average_precision(truth[:, index], score[:, index]) for index in range(100)]
    present = [index for index, value in enumerate(ours) if value is not None]
    assert 80 < len(present) < 100
    # class by class: ivtmetrics 0.1.5 knows an absent class by a negative zero, which scikit-learn no longer gives
    assert [ours[index] for index in present] == pytest.approx([theirs[index] for index in present], abs=1e-6)


def test_calibration_error_by_hand():
    # bin 0.8..0.9 holds two: mean 0.85, one is true -> 0.35; bin 0.1..0.2 holds two: mean 0.15, none true -> 0.15
    truth, probability = row(1, 0, 0, 0)[None], row(0.85, 0.85, 0.15, 0.15)[None]
    assert expected_calibration_error(truth, probability) == pytest.approx(0.5 * 0.35 + 0.5 * 0.15, abs=1e-6)


def test_a_certain_and_right_forecast_has_no_calibration_error():
    assert expected_calibration_error(row(1, 0)[None], row(1, 0)[None]) == 0


LEFT, RIGHT = Box(0, 0, 0.4, 0.4), Box(0.5, 0.5, 0.9, 0.9)


@pytest.mark.parametrize(
    ("found", "truth", "expected"),
    [
        ([Detection(0, LEFT, 0.9)], [(0, LEFT)], 1.0),
        ([Detection(0, LEFT, 0.9)], [(1, LEFT)], 0.0),  # the right place in the wrong frame
        ([Detection(0, LEFT, 0.9), Detection(0, LEFT, 0.8)], [(0, LEFT)], 1.0),  # the second one comes after full recall
        ([Detection(0, RIGHT, 0.9), Detection(0, LEFT, 0.8)], [(0, LEFT)], 0.5),  # a false one first
        ([], [(0, LEFT)], 0.0),
        ([Detection(0, LEFT, 0.9)], [(0, LEFT), (0, RIGHT)], 0.5),  # one of two found
    ],
)
def test_detection_ap_by_hand(found: list[Detection], truth: list[tuple[int, Box]], expected: float):
    assert detection_ap(found, truth) == pytest.approx(expected)


def test_detection_ap_without_a_true_box_is_none():
    assert detection_ap([Detection(0, LEFT, 0.9)], []) is None
