"""How often somebody may do something: token buckets, one per key."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 10_000


class Rates:
    """`burst` at once, then one per `every_seconds`. Keys that have not come for the longest are forgotten beyond 10,000."""

    def __init__(self, burst: int, every_seconds: float, seconds: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._every, self._seconds = burst, every_seconds, seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, key: str) -> float:
        """0 where it may go on (and is counted); else how long to wait."""
        now = self._seconds()
        left, since = self._left.pop(key, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) / self._every)
        if len(self._left) >= _MOST_KEYS:
            self._left.popitem(last=False)
        if left < 1:
            self._left[key] = (left, now)
            return (1 - left) * self._every
        self._left[key] = (left - 1, now)
        return 0.0

    def forget(self, key: str) -> None:
        """Begin anew with that key: it has proved itself."""
        self._left.pop(key, None)
