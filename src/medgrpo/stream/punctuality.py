"""Pictures against their own stamps: which came late, which never came, and when those are due that come many at a time."""

from __future__ import annotations

from collections import deque
from statistics import median

from medgrpo.stream.arrival import NO_FAULTS, Faults

LATE_SECONDS = 0.5
"""A picture is late that came so much later than the quickest of the last `_BASE_SECONDS` or more did, by its stamp."""
_BASE_SECONDS = 10.0
_TYPICAL_OF = 5
_ANOTHER_TIME_SECONDS = 10.0
"""Stamps that jump further, or back, tell of another time base, not of pictures that are missing."""


class Punctuality:
    """Stateful: one connection. Told of every picture in order."""

    def __init__(self) -> None:
        self._stamp: float | None = None
        self._steps: deque[float] = deque(maxlen=_TYPICAL_OF)
        self._quickest: tuple[float, float] = (float("inf"), float("inf"))
        self._since = float("-inf")

    def picture(self, stamp: float | None, now: float) -> Faults:
        """`stamp` its own second, `now` the clock's."""
        if stamp is None:
            return NO_FAULTS
        step = None if self._stamp is None else stamp - self._stamp
        self._stamp = stamp
        if step is None or not 0 < step <= _ANOTHER_TIME_SECONDS:
            self._quickest, self._since = (float("inf"), now - stamp), now
            return NO_FAULTS
        typical = median(self._steps) if len(self._steps) >= 5 else step
        self._steps.append(step)
        if now - self._since > _BASE_SECONDS:
            self._quickest, self._since = (self._quickest[1], float("inf")), now
        self._quickest = (self._quickest[0], min(self._quickest[1], now - stamp))
        late = now - stamp - min(self._quickest) > LATE_SECONDS
        return Faults(late=int(late), missing=max(0, round(step / typical) - 1))


class Pace:
    """When a picture that came with many others is due: as long after the first as its stamp says."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def wait_seconds(self, stamp: float | None, now: float) -> float:
        """0 for a picture that is due, or whose stamp tells nothing (another time base: the pace begins anew)."""
        if stamp is None:
            return 0.0
        wait = 0.0 if self._offset is None else stamp + self._offset - now
        if self._offset is None or not -1.0 <= wait <= _ANOTHER_TIME_SECONDS:
            self._offset = now - stamp
            return 0.0
        return max(0.0, wait)
