"""From a stream's own ticks to seconds, and the fixed grid that says which frames are looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from medgrpo.core import InputError

_LEAP_SECONDS = 10
_ROUNDING_SECONDS = Fraction(1, 1_000_000)  # a float of a frame's time may lie a little after the exact time
RESTART_SECONDS = 1  # a clock that goes back by more than this was restarted (joined recordings), less is a wrong stamp


def checked_seconds(name: str, seconds: float) -> float:
    """A time or a step that somebody asked for: finite and not negative, else InputError."""
    if not 0 <= seconds < math.inf:
        raise InputError(f"{name} is {seconds}: give a number of seconds of 0 or more")
    return seconds


class LookGrid:
    """Cell k is [k * every, (k + 1) * every); the first decodable frame of a cell is its look.

    Exact arithmetic: 0.6 s lies in cell 3 of a grid of 0.2 s, where floats would say 2.
    """

    def __init__(self, every_seconds: float) -> None:
        exact = Fraction(checked_seconds("every_seconds", every_seconds))
        self._every = exact.limit_denominator(1_000_000) or exact
        self._taken: int | None = None

    def cell_start(self, seconds: float) -> Fraction:
        """Where the cell that holds this time begins; just before the time when every frame is looked at."""
        exact = Fraction(checked_seconds("start_seconds", seconds))
        return exact // self._every * self._every if self._every else max(Fraction(0), exact - _ROUNDING_SECONDS)

    def wants(self, time: Fraction) -> bool:
        """Whether a frame at this time falls in a cell that has no look yet. Times must not go back."""
        return not self._every or self._taken is None or time // self._every > self._taken

    def take(self, time: Fraction) -> None:
        """The frame at this time is the look of its cell."""
        if self._every:
            self._taken = time // self._every


@dataclass(frozen=True, slots=True)
class ClockStart:
    """How one file tells time: found once when it is opened, then the same for every pass.

    `origin` is the stamp of the first presented frame in the stream's own seconds, None where frames have no stamps.
    `by_dts`: the container numbers frames in decoding order at a fixed rate (AVI); the decoder hands these numbers on in
    output order, where they are presentation times up to a constant, except for the last few frames, which follow at the rate.
    """

    origin: Fraction | None
    by_dts: bool
    frame_seconds: Fraction | None


class Clock:
    """Gives every frame of one pass its seconds since the first presented frame, never going back."""

    def __init__(self, start: ClockStart) -> None:
        self._start = start
        self._shift = Fraction(0)
        self._last: Fraction | None = None
        self.frames_without_time = 0
        self.clock_breaks = 0

    def leaps(self, stamp: Fraction | None) -> bool:
        """Whether this stamp lies so far ahead that the next frame's should be seen before it is believed."""
        if stamp is None or self._start.origin is None or self._last is None:
            return False
        return self._seconds(stamp, self._start.origin) - self._last > _LEAP_SECONDS

    def read(self, stamp: Fraction | None, following: Fraction | None = None) -> Fraction | None:
        """Seconds of the frame with this stamp, or None where no time can be found for it (counted).

        `following` is the next frame's stamp where this one leaps: when that lies back on the old course, this one is wrong.
        """
        origin, last = self._start.origin, self._last
        if stamp is None or origin is None:
            return self._derived()
        time = self._seconds(stamp, origin)
        if last is not None and following is not None and last <= self._seconds(following, origin) < time:
            return self._derived()
        if last is not None and time < last:
            if last - time > RESTART_SECONDS:
                self.clock_breaks += 1
                restarted = last + (self._start.frame_seconds or 0)
                self._shift += restarted - time
                time = restarted
            else:
                self.frames_without_time += 1
                time = last
        self._last = time
        return time

    def _seconds(self, stamp: Fraction, origin: Fraction) -> Fraction:
        return stamp - origin + self._shift

    def _derived(self) -> Fraction | None:
        self.frames_without_time += not self._start.by_dts
        if self._start.frame_seconds is None:
            return None
        self._last = Fraction(0) if self._last is None else self._last + self._start.frame_seconds
        return self._last
