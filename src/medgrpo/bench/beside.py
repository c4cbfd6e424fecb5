"""What else the machine did while something was measured: a slow look beside other work says little of the look."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_STAT = Path("/proc/stat")
_IDLE = (3, 4)  # idle and waiting for disks, of the line's fields: user nice system idle iowait irq softirq steal


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds since some moment: of cores that were busy, of those that this process kept busy, and of the clock."""

    busy_seconds: float
    own_seconds: float
    clock_seconds: float

    @classmethod
    def until_now(cls) -> Work:
        """Since the machine's start (Linux). The kernel counts in hundredths of a second; what a hypervisor took counts as busy."""
        fields = [int(field) for field in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
        busy = sum(value for place, value in enumerate(fields) if place not in _IDLE)
        return cls(busy / os.sysconf("SC_CLK_TCK"), time.process_time(), time.perf_counter())

    def others_since(self, before: Work) -> float:
        """Cores that other processes kept busy between the two, 0 or more; over 0.2 s it is coarse to a twentieth of a core."""
        others = (self.busy_seconds - before.busy_seconds) - (self.own_seconds - before.own_seconds)
        return max(0.0, others) / (self.clock_seconds - before.clock_seconds)


class Beside:
    """Cores busy with other processes, from call to call."""

    def __init__(self) -> None:
        self._last = Work.until_now()

    def passed(self) -> float:
        """Since the last call."""
        before, self._last = self._last, Work.until_now()
        return self._last.others_since(before)


def beside_slowest(latencies_ms: Sequence[float], cores: Sequence[float], share: float = 0.01) -> float:
    """Mean of `cores` at the slowest `share` of the looks, at least one of them. Both sequences: one value a look."""
    slowest = np.argsort(latencies_ms)[-max(1, round(share * len(latencies_ms))) :]
    return float(np.mean(np.asarray(cores)[slowest]))
