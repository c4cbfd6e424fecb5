"""`medgrpo watch` from the command line: what it leaves behind, and how it says that a case has ended."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cryptography", reason="needs the extra `live`")
pytest.importorskip("rfc8785", reason="needs the extra `live`")

from medgrpo import cli
from medgrpo.audit import Entry, read_entries
from medgrpo.video import Frame, VideoWriter
from tests.stream import live

PLOT = ((0.0, "preparation", "grasper,retract,gallbladder"),)


class Watcher:
    """The command in this process, with looks that follow a plot. `at_look`: called at every one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.case, self._key = folder / "case", folder / "key.pem"
        self.perceiver = live.PlotPerceiver(PLOT)
        monkeypatch.setattr("medgrpo.perception.load_perceiver", lambda: self.perceiver)

    def __call__(self, source: str, *more: str) -> int:
        return cli.main(["watch", source, "--out", str(self.case), "--key", str(self._key), *more])

    def last(self) -> Entry:
        return [entry for _, _, entry, _ in read_entries(self.case / "record") if isinstance(entry, Entry)][-1]


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    return Watcher(tmp_path, monkeypatch)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    with VideoWriter(path, 64, 48, 5) as writer:
        for number in range(20):
            writer.write(np.full((48, 64, 3), 40 + 8 * number, np.uint8))
    return path


def test_a_case_whose_source_ended_is_done(watch: Watcher, video: Path) -> None:
    assert watch(str(video), "--speed", "0") == 0
    assert (watch.last().kind, watch.last().body) == ("closed", {"why": "done"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_case_that_somebody_stopped_says_by_which_signal(
    watch: Watcher, video: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    look = watch.perceiver.look

    def stopped(frame: Frame) -> object:
        if frame.seconds > 1:
            os.kill(os.getpid(), number)
        return look(frame)

    monkeypatch.setattr(watch.perceiver, "look", stopped)
    assert watch(str(video), "--speed", "0") == 0
    assert (watch.last().kind, watch.last().body) == ("closed", {"why": f"stopped by {number.name}"})
