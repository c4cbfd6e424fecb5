"""The grid of looks and the clock, by hand."""

from fractions import Fraction

import pytest

from medgrpo.core import InputError
from medgrpo.video.timing import Clock, ClockStart, LookGrid


def looks(every: float, times: list[Fraction]) -> list[float]:
    grid, seen = LookGrid(every), []
    for time in times:
        if grid.wants(time):
            grid.take(time)
            seen.append(float(time))
    return seen


def test_grid_takes_the_first_frame_of_each_cell() -> None:
    times = [Fraction(n, 25) for n in range(26)]
    assert looks(0.2, times) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert looks(0, times) == [float(time) for time in times]


def test_grid_shows_no_frame_twice_where_frames_are_sparse() -> None:
    assert looks(1, [Fraction(0), Fraction("2.5"), Fraction("2.9"), Fraction(3), Fraction(9)]) == [0.0, 2.5, 3.0, 9.0]


def test_grid_with_a_rate_that_floats_cannot_hold() -> None:
    assert looks(1 / 3, [Fraction(n, 30) for n in range(31)]) == [0.0, 1 / 3, 2 / 3, 1.0]


def test_cell_start() -> None:
    assert LookGrid(0.2).cell_start(0.61) == Fraction(3, 5)
    assert LookGrid(0).cell_start(0.5) == Fraction(1, 2) - Fraction(1, 1_000_000)
    assert LookGrid(0).cell_start(0) == 0


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_grid_refuses_times_that_are_none(wrong: float) -> None:
    with pytest.raises(InputError, match="every_seconds"):
        LookGrid(wrong)
    with pytest.raises(InputError, match="start_seconds"):
        LookGrid(1).cell_start(wrong)


def clock(origin: int | None = 100) -> Clock:
    return Clock(ClockStart(None if origin is None else Fraction(origin), by_dts=False, frame_seconds=Fraction(1, 25)))


def test_clock_counts_from_the_first_frame() -> None:
    watch = clock()
    assert [watch.read(Fraction(stamp)) for stamp in (100, 101, 104)] == [0, 1, 4]


def test_clock_derives_and_counts_what_has_no_stamp() -> None:
    watch = clock(origin=None)
    assert [watch.read(None) for _ in range(3)] == [0, Fraction(1, 25), Fraction(2, 25)]
    assert watch.frames_without_time == 3


def test_clock_leaves_out_what_cannot_be_derived() -> None:
    watch = Clock(ClockStart(None, by_dts=False, frame_seconds=None))
    assert watch.read(None) is None
    assert watch.frames_without_time == 1


def test_clock_that_is_set_back_goes_on() -> None:
    watch = clock()
    assert [watch.read(Fraction(stamp)) for stamp in (100, 110, 0, 1)] == [0, 10, Fraction(251, 25), Fraction(276, 25)]
    assert watch.clock_breaks == 1


def test_clock_holds_still_over_a_small_step_back() -> None:
    watch = clock()
    assert [watch.read(Fraction(stamp)) for stamp in ("100", "100.5", "100.2", "100.6")] == [
        0,
        Fraction(1, 2),
        Fraction(1, 2),
        Fraction(3, 5),
    ]
    assert (watch.frames_without_time, watch.clock_breaks) == (1, 0)


def test_clock_disbelieves_one_stamp_far_ahead() -> None:
    watch = clock()
    watch.read(Fraction(100))
    assert watch.leaps(Fraction(95_000))
    assert watch.read(Fraction(95_000), following=Fraction(101)) == Fraction(1, 25)
    assert watch.read(Fraction(101)) == 1
    assert watch.frames_without_time == 1
    assert watch.read(Fraction(200), following=Fraction(201)) == 100  # a real pause in the recording
