from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgrpo.reward import Scale, SpreadAverages, batch_advantages, logistic, over_running_spread


def _one(group: list[float | None], scale: Scale = "group") -> list[float]:
    return batch_advantages([group], scale)[0]


def test_hand_numbers() -> None:
    assert _one([1.0, None, 0.0]) == [1.0, 0.0, -1.0]
    assert _one([1.0, None, 0.0], "none") == [0.5, 0.0, -0.5]
    assert _one([0.0, 0.0, 0.0, 1.0]) == pytest.approx([-0.57735, -0.57735, -0.57735, 1.73205], abs=1e-5)


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
@pytest.mark.parametrize("group", [[0.3, 0.3], [None, None], [0.7, None], [0.1 + 0.2, 0.3], []])
def test_a_group_without_spread_gives_zeros(group: list[float | None], scale: Scale) -> None:
    assert _one(group, scale) == [0.0] * len(group)


def test_batch_divides_by_the_deviation_of_all_rewards() -> None:
    first, second = batch_advantages([[0.0, 1.0], [0.4, 0.6, None]], "batch")
    deviation = ((0.25 + 0.25 + 0.01 + 0.01) / 4) ** 0.5
    assert first == pytest.approx([-0.5 / deviation, 0.5 / deviation])
    assert second == pytest.approx([-0.1 / deviation, 0.1 / deviation, 0.0])


def test_ema_is_per_key_and_goes_on_after_a_restart() -> None:
    averages = SpreadAverages(decay=0.5)
    assert over_running_spread([[0.0, 1.0, None]], ["a/t"], averages) == [[0.0, 2.0, None]]  # first deviation 0.5
    assert over_running_spread([[0.0, 0.2]], ["b/t"], averages) == [[0.0, pytest.approx(2.0)]]
    later = SpreadAverages(decay=0.5)
    later.restore(averages.state())
    expected = 0.1 / (0.5 * 0.5 + 0.5 * 0.05)
    assert over_running_spread([[0.0, 0.1]], ["a/t"], later)[0] == pytest.approx([0.0, expected])


def test_ema_takes_the_mean_of_a_steps_groups_of_one_key() -> None:
    averages = SpreadAverages(decay=0.5)
    first, second, other = over_running_spread([[0.0, 1.0], [0.0, 0.6], [0.3, 0.3]], ["a", "a", "b"], averages)
    assert first[1] == pytest.approx(1 / 0.4)  # mean of 0.5 and 0.3
    assert second[1] == pytest.approx(0.6 / 0.4)
    assert other == [pytest.approx(300.0)] * 2  # no spread at all: the least average, a thousandth


def test_ema_never_divides_by_less_than_a_thousandth() -> None:
    scaled = over_running_spread([[0.0, 1e-6]], ["a"], SpreadAverages())
    assert batch_advantages(scaled, "none")[0][1] == pytest.approx(5e-7 / 1e-3)


_REWARDS = st.lists(st.one_of(st.none(), st.floats(0, 1).map(lambda value: round(value, 3))), min_size=2, max_size=8)


@given(_REWARDS, st.floats(0.1, 50), st.floats(-5, 5))
def test_a_positive_affine_map_inside_a_group_changes_nothing(group: list[float | None], slope: float, shift: float) -> None:
    mapped = [None if reward is None else slope * reward + shift for reward in group]
    assert _one(mapped) == pytest.approx(_one(group), abs=1e-6)


@given(_REWARDS)
def test_advantages_of_the_known_sum_to_zero_and_the_unknown_have_none(group: list[float | None]) -> None:
    given = _one(group)
    assert sum(given) == pytest.approx(0, abs=1e-9)
    assert all(value == 0 for value, reward in zip(given, group, strict=True) if reward is None)


@given(_REWARDS)
def test_under_group_scaling_ema_and_none_are_one(group: list[float | None]) -> None:
    scaled = over_running_spread([group], ["a"], SpreadAverages())[0]
    assert _one(scaled) == pytest.approx(_one(group), abs=1e-6)


def test_under_group_scaling_the_logistic_is_only_its_curvature() -> None:
    def moved(scores: list[float]) -> float:
        plain = _one(list(scores))
        bent = _one([logistic(score, 0.5, 0.4) for score in scores])
        return max(abs(a - b) for a, b in zip(plain, bent, strict=True))

    assert moved([0.495, 0.497, 0.5, 0.505]) < 1e-3  # a narrow group: nearly affine
    assert moved([0.0, 0.2, 0.5, 1.0]) > 0.05  # a wide one
