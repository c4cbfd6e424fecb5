"""How long decisions took, over a case of any length, in memory that does not grow with it."""

from __future__ import annotations

import math
from array import array

GRAIN_MS = 0.1
_FINE_MS = 2000.0
_FINE = round(_FINE_MS / GRAIN_MS)
COARSE = 0.01
_MOST_MS = 3_600_000.0
_PER_FOLD = 1 / math.log1p(COARSE)
_COARSE = math.ceil(math.log(_MOST_MS / _FINE_MS) * _PER_FOLD)


class Latencies:
    """Counts in bins of GRAIN_MS up to two seconds, and from there up to an hour in bins whose upper end is the share COARSE above
    their lower; what is longer is counted in one last bin, and the longest is kept exactly."""

    def __init__(self) -> None:
        self._bins = array("Q", bytes(8 * (_FINE + _COARSE + 1)))
        self._sum_ms = 0.0
        self.count = 0
        self.max_ms = 0.0

    def add(self, milliseconds: float) -> None:
        """0 or more."""
        self._bins[_place(milliseconds)] += 1
        self._sum_ms += milliseconds
        self.count += 1
        self.max_ms = max(self.max_ms, milliseconds)

    @property
    def mean_ms(self) -> float:
        """0 before the first."""
        return self._sum_ms / self.count if self.count else 0.0

    def within_ms(self, share: float) -> float:
        """So long or less took that `share` (0..1) of them, to the upper end of a bin; 0 before the first."""
        passed = 0
        for place, found in enumerate(self._bins):
            passed += found
            if found and passed >= share * self.count:
                return min(self.max_ms, _upper_ms(place))
        return 0.0


def _place(milliseconds: float) -> int:
    if milliseconds < _FINE_MS:
        return min(int(milliseconds / GRAIN_MS), _FINE - 1)
    return _FINE + min(int(math.log(milliseconds / _FINE_MS) * _PER_FOLD), _COARSE)


def _upper_ms(place: int) -> float:
    if place < _FINE:
        return (place + 1) * GRAIN_MS
    return _FINE_MS * (1 + COARSE) ** (place - _FINE + 1) if place < _FINE + _COARSE else math.inf
