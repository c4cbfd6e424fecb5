"""Factors that widen forecast intervals: by hand, and as they are shipped."""

from __future__ import annotations

import math

import pytest

from medgrpo.reasoning import Widening, fit_widening, shipped_scaling


def test_a_factor_is_the_quantile_of_true_time_over_end():
    # ten cases of one time each, raised level min(1, 0.9 * 11 / 10) = 0.99: the largest of ten counts
    true = [float(place) for place in range(1, 11)]
    fitted = fit_widening([2.0] * 10, [4.0] * 10, true, list(range(10)), held_share=0.8)
    assert fitted.low == pytest.approx(0.5)  # 2 s was the low end, 1 s the earliest
    assert fitted.high == pytest.approx(2.5)
    # asked for half, the level is 0.75 * 1.1 = 0.825: the ninth of ten
    assert fit_widening([2.0] * 10, [4.0] * 10, true, list(range(10)), held_share=0.5).high == pytest.approx(9 / 4)


def test_intervals_are_never_made_narrower_and_every_case_weighs_the_same():
    assert fit_widening([1.0] * 3, [9.0] * 3, [4.0, 5.0, 6.0], [1, 2, 3], 0.8) == Widening(low=1.0, high=1.0)
    many = fit_widening([1.0] * 104, [10.0] * 104, [20.0] * 100 + [5.0] * 4, [0] * 100 + [1, 2, 3, 4], 0.2)
    assert many.high == 1.0  # a long case of bad times is one case of five; level 0.6 * 6 / 5 = 0.72


def test_open_and_present_ends_need_no_factor():
    fitted = fit_widening([0.0, 0.0], [math.inf, 0.0], [50.0, 5.0], [1, 2], 0.8)
    assert fitted == Widening(low=1.0, high=1.0)  # an end of 0 that was missed cannot be multiplied right
    assert Widening(low=0.5, high=2.0).ends(None, None, 100.0) == (None, None)
    assert Widening(low=0.5, high=2.0).ends(10.0, 40.0, 100.0) == (5.0, 80.0)
    assert Widening(low=0.5, high=2.0).ends(10.0, 60.0, 100.0) == (5.0, None)  # beyond the horizon it is open


def test_the_shipped_factors_name_their_cases():
    scaling = shipped_scaling()
    assert set(scaling.factors) == set(scaling.times) == {"phase", "event", "instrument", "end"}
    assert scaling.cases >= 10
    assert scaling.command.startswith("medgrpo evaluate forecast")
