import numpy as np
import pytest

from medgrpo.evaluation.forecast import (
    inside,
    over_classes,
    over_classes_drawn,
    resamples,
    runs,
    share_difference,
    time_errors,
    top_hits,
)
from medgrpo.evaluation.forecast_measure import quantile

INF = np.inf


def test_time_errors_by_hand():
    # horizon 100; one class, five moments: truth 0 (under way), 5, 50, 100, never; forecast 20, 25, 95, 60, 200
    truth, forecast = np.array([[0.0], [5.0], [50.0], [100.0], [INF]]), np.array([[20.0], [25.0], [95.0], [60.0], [200.0]])
    errors = time_errors(forecast, truth, 100.0)
    assert errors.in_mae.tolist() == [(20 + 45) / 2]
    assert errors.out_mae.tolist() == [(40 + 0) / 2]
    assert errors.p_mae.tolist() == [(20 + 20 + 40) / 3]  # forecasts of 20, 25 and 60 lie in 10..90; 95 and 100 do not
    assert errors.e_mae.tolist() == [20.0]  # only 5 lies in 0..10


def test_a_class_without_such_a_moment_is_nan_and_left_out_of_means():
    errors = time_errors(np.array([[5.0, 5.0]]), np.array([[10.0, INF]]), 100.0)
    assert np.isnan(errors.in_mae).tolist() == [False, True]
    # class 0: videos 5 and 15 -> 10; class 1: only one video, 40 -> 40; mean over classes 25
    per_video = np.array([[5.0, np.nan], [15.0, 40.0]])
    assert over_classes(per_video) == 25.0
    assert over_classes_drawn(per_video, np.array([[2.0, 0.0], [1.0, 1.0]])).tolist() == [5.0, 25.0]
    assert np.isnan(over_classes(np.array([[np.nan]])))


@pytest.mark.parametrize("forecast", [np.array([[-1.0]]), np.array([[np.nan]]), np.array([[1.0, 2.0]])])
def test_times_that_cannot_be_are_refused(forecast: np.ndarray):
    with pytest.raises(ValueError, match=r"shape|0 or more"):
        time_errors(forecast, np.array([[1.0]]), 10.0)


def test_top_hits_take_the_lower_index_where_probabilities_are_equal():
    probabilities = np.array([[0.4, 0.4, 0.2], [0.1, 0.2, 0.7]])
    assert top_hits(probabilities, np.array([1, 2]), 1).tolist() == [False, True]
    assert top_hits(probabilities, np.array([1, 0]), 2).tolist() == [True, False]


def test_intervals_hold_their_ends_and_may_be_open():
    held = inside(np.array([0.0, 5.0, 5.0]), np.array([10.0, INF, 6.0]), np.array([10.0, INF, 7.0]))
    assert held.tolist() == [True, True, False]


def test_quantiles_by_a_straight_line():
    seconds = np.array([0.0, 10.0, 20.0])
    cdf = np.array([[0.0, 0.4, 0.8], [0.6, 0.6, 1.0]])
    assert quantile(cdf, seconds, 0.2).tolist() == [5.0, 0.0]
    assert quantile(cdf, seconds, 0.6).tolist() == [15.0, 0.0]
    assert quantile(cdf, seconds, 0.9).tolist() == [INF, 17.5]


def test_runs_of_equal_labels():
    assert runs(np.array([1, 1, -1, 1, 2]), 5.0, (-1,)) == [(1, 0.0, 10.0), (1, 15.0, 20.0), (2, 20.0, 25.0)]


def test_a_paired_difference_and_its_interval():
    ours = {"a": (3.0, 4.0), "b": (1.0, 1.0)}
    theirs = {"a": (1.0, 4.0), "b": (1.0, 1.0)}
    found = share_difference(ours, theirs, resamples(2, 400, 1))
    assert found.value == pytest.approx(4 / 5 - 2 / 5)
    assert found.low == 0.0  # only b was drawn
    assert found.high == 0.5  # only a was drawn
    with pytest.raises(ValueError, match="same videos"):
        share_difference(ours, {"a": (1.0, 1.0)}, resamples(2, 4, 1))


def test_resamples_draw_as_many_videos_as_there_are():
    draws = resamples(7, 20, 3)
    assert draws.shape == (20, 7)
    assert (draws.sum(axis=1) == 7).all()
    assert (draws == resamples(7, 20, 3)).all()
