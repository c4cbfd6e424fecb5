"""The benchmark's arithmetic by hand, and both runs on a small video."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from medgrpo.bench import AnalysisBench, measure_ours, measure_peer
from medgrpo.bench.figures import figures, peak_memory_mb
from medgrpo.bench.inference import InferenceClock
from medgrpo.perception import Domain, Observation, View, ViewState
from medgrpo.video import Frame, VideoWriter


class Blind:
    """A perceiver that only measures brightness and names nothing."""

    model = "blind@1"

    def __init__(self) -> None:
        self.looked_at: list[float] = []

    def reset(self) -> None:
        self.looked_at.clear()

    def memory(self) -> str:
        return ""

    def restore(self, memory: str) -> None:
        assert memory == ""

    def look(self, frame: Frame) -> Observation:
        self.looked_at.append(frame.seconds)
        view = View(ViewState.INSIDE, float(frame.image.mean() / 255), 0.5, 0.0, 0.0)
        return Observation(frame.seconds, view, Domain.UNKNOWN, None, "nothing is known here", self.model)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 64, 48, 10) as writer:
        for number in range(80):
            writer.write(np.full((48, 64, 3), 2 * number, dtype=np.uint8))
    return path


def test_rates_are_worked_out_from_the_stages():
    stages = {"decode": 2.0, "inference": 5.0, "reasoning": 0.0, "write": 1.0, "report": 2.0}
    done = figures("x", video_seconds=40.0, frames_decoded=1000, looks=200, stages=stages)
    assert done.realtime_factor == 5.0
    assert done.realtime_factor_with_report == 4.0
    assert done.frames_per_second == {"decode": 500.0, "inference": 40.0, "write": 200.0}
    assert 10 < peak_memory_mb() < 100_000


def test_perception_is_split_by_the_inference_clock():
    clock = InferenceClock()
    clock.seconds = 3.0
    assert clock.split({"decode": 1.0, "perception": 4.0}) == {"decode": 1.0, "preprocess": 1.0, "inference": 3.0}


def test_both_runs_look_at_the_same_moments(video):
    pytest.importorskip("cv2")
    ours_perceiver, peer_perceiver = Blind(), Blind()
    ours, peer = measure_ours(video, 5.0, ours_perceiver), measure_peer(video, 5.0, peer_perceiver)
    assert ours_perceiver.looked_at == pytest.approx(peer_perceiver.looked_at)
    assert ours.looks == peer.looks == 40
    assert ours.frames_decoded == peer.frames_decoded == 80
    assert ours.video_seconds == peer.video_seconds == 8.0
    assert set(ours.stages) == {"decode", "preprocess", "inference", "reasoning", "write", "report"}
    assert set(peer.stages) == {"decode", "preprocess", "inference"}


def test_the_json_has_ours_on_top_and_the_peer_below():
    ours = figures("medgrpo", 8.0, 80, 40, {"decode": 1.0})
    peer = figures("peer", 8.0, 80, 40, {"decode": 2.0})
    bench = AnalysisBench(
        medgrpo_version="1",
        video="clip.mp4",
        looks_per_second=5.0,
        rounds=1,
        processors=2,
        python="3.11",
        system="Linux",
        ours=ours,
        peer=peer,
    )
    values = json.loads(bench.as_json())
    assert values["realtime_factor"] == 8.0
    assert values["stages"] == {"decode": 1.0}
    assert values["peak_memory_mb"] > 0
    assert values["peer"]["realtime_factor"] == 4.0
