"""The live benchmark measures what it says, on a short video at its own pace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cryptography", reason="needs the extra `live`")
pytest.importorskip("rfc8785", reason="needs the extra `live`")

from medgrpo.bench import run_live
from medgrpo.bench.live import Latency
from medgrpo.perception import Domain, Observation, View, ViewState
from medgrpo.video import Frame, VideoWriter


class Blind:
    model = "blind@1"

    def reset(self) -> None: ...

    def memory(self) -> str:
        return ""

    def restore(self, memory: str) -> None: ...

    def look(self, frame: Frame) -> Observation:
        return Observation(frame.seconds, View(ViewState.BLACK, 0, 0, 0, 0), Domain.SIMULATED, None, "black", self.model)


def test_latency_by_hand() -> None:
    found = Latency.of([1.0] * 98 + [11.0, 101.0])
    assert found.mean_ms == pytest.approx((98 + 11 + 101) / 100)
    assert (found.max_ms, found.p95_ms) == (101.0, 1.0)


@pytest.mark.slow
def test_a_few_seconds_at_a_cameras_pace(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "v.mp4", 64, 48, 25) as writer:
        for number in range(50):
            writer.write(np.full((48, 64, 3), 5 * number, np.uint8))
    ticks = []
    found = run_live(tmp_path / "v.mp4", 0.05, Blind(), 5.0, ticks.append)
    assert found.size == "64x48"
    assert found.seconds >= 3, "at its own pace, on whatever machine"
    assert 2 <= found.looks <= 5 * found.seconds + 1
    assert len(ticks) >= found.looks
    assert set(found.stages) == {"wait", "paint", "perception", "reasoning", "alerts"}
    assert found.beside_cores >= 0
    assert found.decision.max_ms >= found.decision.mean_ms > 0
