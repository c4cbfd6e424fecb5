"""How long decisions took, over a case of any length, in memory that does not grow with it."""

from __future__ import annotations

from array import array

GRAIN_MS = 0.1
_MOST_MS = 2000.0


class Latencies:
    """Counts in bins of GRAIN_MS up to two seconds; what is longer is counted in the last bin, and the longest is kept exactly."""

    def __init__(self) -> None:
        self._bins = array("Q", bytes(8 * (round(_MOST_MS / GRAIN_MS) + 1)))
        self._sum_ms = 0.0
        self.count = 0
        self.max_ms = 0.0

    def add(self, milliseconds: float) -> None:
        """0 or more."""
        self._bins[min(int(milliseconds / GRAIN_MS), len(self._bins) - 1)] += 1
        self._sum_ms += milliseconds
        self.count += 1
        self.max_ms = max(self.max_ms, milliseconds)

    @property
    def mean_ms(self) -> float:
        """0 before the first."""
        return self._sum_ms / self.count if self.count else 0.0

    def within_ms(self, share: float) -> float:
        """So long or less took that `share` (0..1) of them, to GRAIN_MS upwards; 0 before the first."""
        passed = 0
        for place, found in enumerate(self._bins):
            passed += found
            if found and passed >= share * self.count:
                return self.max_ms if place == len(self._bins) - 1 else min(self.max_ms, (place + 1) * GRAIN_MS)
        return 0.0
