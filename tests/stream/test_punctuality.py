"""Late, missing and due pictures, by hand."""

from __future__ import annotations

import pytest

from medgrpo.stream import Faults
from medgrpo.stream.punctuality import Pace, Punctuality


def told(pictures: list[tuple[float | None, float]]) -> list[Faults]:
    timing = Punctuality()
    return [timing.picture(stamp, now) for stamp, now in pictures]


def test_pictures_at_their_pace_have_no_fault() -> None:
    assert set(told([(k / 25, 100 + k / 25) for k in range(1000)])) == {Faults()}


def test_a_backlog_at_the_beginning_is_not_late() -> None:
    """Twenty pictures wait in the connection's buffer and come at once; the pace after them is what counts."""
    assert sum((one for one in told([(k / 25, 100 + max(0, k - 20) / 25) for k in range(100)])), Faults()) == Faults()


def test_what_comes_later_than_its_stamp_allows_is_late() -> None:
    on_time = [(k / 10, k / 10) for k in range(50)]
    delayed = [(5.0 + k / 10, 5.0 + k / 10 + 0.8) for k in range(3)]
    found = told([*on_time, *delayed, (5.3, 5.9)])
    assert [one.late for one in found[50:]] == [1, 1, 1, 1]
    assert sum(one.late for one in found[:50]) == 0
    assert told([*on_time, (5.0, 5.4)])[-1].late == 0


def test_a_delay_that_stays_becomes_the_normal_one() -> None:
    """A slow drift between two clocks is no lateness: the base is that of the last ten to twenty seconds."""
    found = told([(k / 10, k / 10 * 1.01) for k in range(3000)])
    assert sum(one.late for one in found) == 0


def test_stamps_that_are_skipped_are_pictures_that_never_came() -> None:
    before = [(k / 25, k / 25) for k in range(30)]
    assert told([*before, (33 / 25, 33 / 25)])[-1] == Faults(missing=3)
    assert told([*before, (30 / 25, 30 / 25)])[-1] == Faults()


@pytest.mark.parametrize("stamp", [None, 0.0, 500.0])
def test_no_stamp_or_another_time_base_says_nothing(stamp: float | None) -> None:
    found = told([*((k / 25, k / 25) for k in range(1, 30)), (stamp, 30 / 25), (None if stamp is None else stamp + 0.04, 31 / 25)])
    assert found[-2:] == [Faults(), Faults()]


def test_pictures_that_come_at_once_are_due_one_after_the_other() -> None:
    pace = Pace()
    assert pace.wait_seconds(10.0, 50.0) == 0
    assert pace.wait_seconds(10.5, 50.0) == pytest.approx(0.5)
    assert pace.wait_seconds(12.0, 51.5) == pytest.approx(0.5)
    assert pace.wait_seconds(12.2, 52.9) == 0, "a little behind: at once, and the pace stays"
    assert pace.wait_seconds(13.0, 52.9) == pytest.approx(0.1)
    assert pace.wait_seconds(13.1, 60.0) == 0, "far behind: the pace begins anew"
    assert pace.wait_seconds(13.6, 60.0) == pytest.approx(0.5)
    assert pace.wait_seconds(0.0, 61.0) == 0, "another time base"
    assert pace.wait_seconds(None, 61.0) == 0
