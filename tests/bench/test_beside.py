"""What else ran: another process's work is seen, this process's own is not taken for it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from medgrpo.bench.beside import Beside, Work, beside_slowest


def test_the_slowest_hundredth_by_hand() -> None:
    latencies = [10.0] * 198 + [90.0, 95.0]
    assert beside_slowest(latencies, [0.0] * 198 + [1.0, 2.0]) == pytest.approx(1.5)
    assert beside_slowest([10.0, 30.0, 20.0], [0.1, 0.7, 0.2]) == pytest.approx(0.7)


def test_others_by_hand() -> None:
    before = Work(busy_seconds=100.0, own_seconds=10.0, clock_seconds=50.0)
    assert Work(103.0, 11.0, 52.0).others_since(before) == pytest.approx(1.0)  # 3 s busy, 1 s of them its own, in 2 s
    assert Work(100.9, 11.0, 52.0).others_since(before) == 0.0  # the kernel counts later than the process


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="needs Linux's /proc/stat")
def test_anothers_work_is_seen() -> None:
    beside = Beside()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        time.sleep(0.3)  # it starts
        beside.passed()
        time.sleep(1.0)
        found = beside.passed()
        other.kill()
    assert found > 0.4  # at least its share of a loaded machine
