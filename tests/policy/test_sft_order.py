"""Which sample is seen when: numbers by hand."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.policy import balanced_steps, epoch_order, packs, quotas


def test_quotas_by_hand() -> None:
    assert quotas([64, 16], 1.0) == [64, 16]
    assert quotas([64, 16], 0.5) == [53, 27]  # 80 in proportion 8 : 4, by largest remainder
    assert quotas([64, 16], 0.0) == [40, 40]
    assert quotas([1, 1, 1], 0.3) == [1, 1, 1]


def test_at_temperature_one_an_epoch_is_every_sample_once() -> None:
    members = {"a": range(7), "b": range(7, 10)}
    first, second = epoch_order(members, 1.0, 0, 0), epoch_order(members, 1.0, 0, 1)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert epoch_order(members, 1.0, 1, 0) != first == epoch_order(members, 1.0, 0, 0)


def test_within_a_key_every_sample_comes_before_any_comes_again() -> None:
    members = {"a": range(8), "b": range(8, 10)}
    drawn = Counter(sample for epoch in range(8) for sample in epoch_order(members, 0.0, 3, epoch))
    assert [drawn[sample] for sample in range(8)] == [5] * 8  # 5 of 8 per epoch, 8 epochs
    assert [drawn[8], drawn[9]] == [20, 20]
    two = [sample for sample in epoch_order(members, 0.0, 3, 0) + epoch_order(members, 0.0, 3, 1) if sample < 8]
    assert set(two) == set(range(8))


def test_steps_are_equally_long_within_their_window() -> None:
    lengths = [10, 9, 2, 1, 5, 5, 4, 4]
    steps = balanced_steps([0, 1, 2, 3, 4, 5, 6, 7], lengths, 2, 2)
    assert [sorted(step) for step in steps] == [[0, 3], [1, 2], [4, 6], [5, 7]]
    assert [sum(lengths[one] for one in step) for step in steps] == [11, 11, 9, 9]
    uneven = balanced_steps([0, 1, 2], lengths, 2, 4)
    assert sorted(map(len, uneven)) == [1, 2]
    assert sorted(uneven[0] + uneven[1]) == [0, 1, 2]


def test_packs_first_fit_by_falling_length() -> None:
    assert packs([3, 7, 5, 2], 10) == [[1, 0], [2, 3]]
    with pytest.raises(ValueError, match="11 tokens does not fit into 10"):
        packs([11], 10)
