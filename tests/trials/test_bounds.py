"""Bounds against numbers worked out by hand, and the promise itself against simulated operations."""

from __future__ import annotations

import numpy as np
import pytest

from medgrpo.core import InputError
from medgrpo.trials import binomial_below, learn_then_test, operations_needed, p_value, upper_bound


def test_binomial_by_hand() -> None:
    # P(X <= 1), X ~ Binomial(3, 1/2): (1 + 3) / 8
    assert binomial_below(1, 3, 0.5) == pytest.approx(0.5)
    # 0.9 ** 10, and no overflow where binomial coefficients have 600 digits
    assert binomial_below(0, 10, 0.1) == pytest.approx(0.3486784401)
    assert binomial_below(1000, 2000, 0.5) == pytest.approx(0.5 + 0.5 * 0.0178390, abs=1e-4)  # half, and half of the middle term


def test_operations_without_a_miss_that_are_needed() -> None:
    # 0.9 ** 21 = 0.1094 and 0.9 ** 22 = 0.0985
    assert operations_needed(0.1, 0.9) == 22
    assert learn_then_test([[0.0] * 21], 0.1, 0.9) is None
    assert learn_then_test([[0.0] * 22], 0.1, 0.9) == 0


def test_one_miss_needs_more() -> None:
    # 0.9 ** n + n * 0.1 * 0.9 ** (n - 1): 0.1036 at 37, 0.0953 at 38
    assert p_value([1.0] + [0.0] * 36, 0.1) == pytest.approx(0.1036, abs=1e-4)
    assert p_value([1.0] + [0.0] * 37, 0.1) == pytest.approx(0.0953, abs=1e-4)


def test_upper_bound_is_clopper_and_pearson_s() -> None:
    # none of 22: 1 - 0.1 ** (1 / 22); all missed: no bound below 1
    assert upper_bound([0.0] * 22, 0.9) == pytest.approx(1 - 0.1 ** (1 / 22), abs=1e-6)
    assert upper_bound([1.0] * 5, 0.9) == pytest.approx(1.0, abs=1e-6)
    # 1 of 10 at 95 %: 0.394, in every table of one-sided bounds
    assert upper_bound([1.0] + [0.0] * 9, 0.95) == pytest.approx(0.394, abs=1e-3)


def test_shares_use_hoeffding_and_bentkus() -> None:
    # mean 0.25 of 4 against 0.5: exp(-4 (0.25 ln 0.5 + 0.75 ln 1.5)) = 0.5926; e * P(Binomial(4, 0.5) <= 1) = e * 5 / 16 = 0.8495
    assert p_value([0.5, 0.5, 0.0, 0.0], 0.5) == pytest.approx(0.5926, abs=1e-4)
    # losses above what may be missed refuse nothing
    assert p_value([0.5] * 10, 0.3) == 1.0
    # a share of a miss is worth less than a whole one
    assert p_value([0.5] + [0.0] * 59, 0.1) < p_value([1.0, 1.0] + [0.5] + [0.0] * 57, 0.1)


def test_the_walk_stops_at_the_first_that_fails() -> None:
    good, bad = [0.0] * 30, [1.0] * 10 + [0.0] * 20
    assert learn_then_test([good, good, bad, good], 0.1, 0.9) == 1
    assert learn_then_test([bad, good], 0.1, 0.9) is None


@pytest.mark.parametrize(("losses", "miss"), [([], 0.1), ([0.0], 0.0), ([0.0], 1.0), ([1.5], 0.1), ([-0.1], 0.1)])
def test_what_cannot_be_judged(losses: list[float], miss: float) -> None:
    with pytest.raises(InputError):
        p_value(losses, miss)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 2.0])
def test_confidence_out_of_range(confidence: float) -> None:
    with pytest.raises(InputError):
        learn_then_test([[0.0]], 0.1, confidence)


@pytest.mark.parametrize("events", [1, 3])
def test_the_promise_is_kept(events: int) -> None:
    """Thresholds with known risks, one just above what may be missed: chosen wrongly in at most a tenth of the draws."""
    random, risks, draws, operations = np.random.default_rng(7), (0.01, 0.03, 0.06, 0.105, 0.2, 0.02), 1500, 60
    wrong = useful = 0
    for _ in range(draws):
        losses = [(random.binomial(events, risk, operations) / events).tolist() for risk in risks]
        chosen = learn_then_test(losses, 0.1, 0.9)
        wrong += chosen is not None and risks[chosen] > 0.1
        useful += chosen is not None
    assert wrong / draws <= 0.1 + 3 * (0.09 / draws) ** 0.5
    assert useful / draws > 0.8


def test_the_bound_covers_the_true_risk() -> None:
    random, draws = np.random.default_rng(8), 400
    covered = sum(upper_bound(random.binomial(1, 0.15, 40).astype(float).tolist(), 0.9) >= 0.15 for _ in range(draws))
    assert covered / draws >= 0.9 - 3 * (0.09 / draws) ** 0.5
