"""Faults around the video, through the real loop: clock, disk, model, process. The table in docs/live.md states them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from medgrpo.audit import Entry, SigningKey, read_entries, verify
from medgrpo.models import Completion, Failure, ModelCard, Request
from medgrpo.stream import (
    ManualClock,
    Tick,
)
from medgrpo.video import Sampling
from tests.stream import live
from tests.stream.watched import CLIP_TOO_EARLY, Case, every, film, moving


def test_the_wall_clock_jumps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()

    def jump(tick: Tick) -> None:
        if round(tick.case_seconds, 1) == 5.0:
            clock.jump_wall(-3600)

    case = Case(tmp_path, capsys, live.PlotSource(clock, every(1.0, 80)), clock, listener=jump)
    assert "SAID  [Lo] clock: the wall clock moved by -3600.0 s against the steady clock" in case.screen
    assert case.decided("clock") == ["said", "ended"]
    walls = [datetime.fromisoformat(entry.wall.replace("Z", "+00:00")) for entry in case.whole()]
    steady = [entry.monotonic_seconds for entry in case.whole()]
    assert min(later - earlier for earlier, later in pairwise(walls)).total_seconds() < -3590
    assert steady == sorted(steady)
    assert all(tick.observation is not None for tick in case.ticks)
    assert case.genuine()


def test_the_disk_is_full(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Record and evidence are refused from 20 to 40 s, while an alert is due."""
    import os

    clock, real, whole = ManualClock(), os.write, Path.write_bytes

    def full() -> bool:
        return 20 <= clock.seconds() < 40

    def refusing(descriptor: int, data: bytes) -> int:
        if full():
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    def refusing_file(path: Path, data: bytes) -> int:
        if full():
            raise OSError(28, "No space left on device")
        return whole(path, data)

    monkeypatch.setattr(os, "write", refusing)
    monkeypatch.setattr(Path, "write_bytes", refusing_file)
    case = Case(tmp_path, capsys, live.PlotSource(clock, every(0.2, 50)), clock, perceiver=live.PlotPerceiver(CLIP_TOO_EARLY))
    assert "SAID  [Lo] record:" in case.screen
    assert "No space left on device" in case.screen
    assert "SAID  [Hi] clip_before_dissection" in case.screen, "what is seen is said all the same"
    assert "entries could not be recorded: the record marks the gap" in case.screen
    gaps = case.entries("gap")
    assert sum(gap["missed"] for gap in gaps) == case.session.totals.not_recorded > 100
    assert case.decided("record")[-1] == "ended"
    assert case.genuine()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


class Ends:
    """A model that takes its own thread down."""

    card = ModelCard(name="ends", backend="scripted", revision="", sampling=Sampling())

    def __init__(self) -> None:
        self.asked = 0

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        self.asked += 1
        raise SystemExit("killed")


def test_the_slow_loop_is_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock, model = ManualClock(), Ends()

    def listen(tick: Tick) -> None:
        """Asked at 2 s and every 4 s; whoever is asked a third time has said two things before."""
        due = sum(tick.case_seconds > seconds for seconds in (2.1, 6.3, 10.5))
        until(lambda: model.asked >= due)

    case = Case(tmp_path, capsys, live.PlotSource(clock, every(0.2, 20)), clock, model=model, listener=listen)
    remarks = case.entries("remark")
    assert len(remarks) >= 2, "it is asked again"
    assert {remark["failure"] for remark in remarks} == {"SystemExit: killed"}
    assert "NO REMARK" in case.screen
    assert "SystemExit: killed" in case.screen
    assert case.session.totals.looks == 100


class Stalls:
    """A model that answers once it is let go."""

    card = ModelCard(name="stalls", backend="scripted", revision="", sampling=Sampling())

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), 0

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        self.asked += 1
        self.go.wait(60)
        return [Completion("The grasper retracts.", "stop", None, None, 0.0) for _ in requests]


def test_the_model_stalls_for_ten_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock, model = ManualClock(), Stalls()
    looked: list[float] = []

    def listen(tick: Tick) -> None:
        looked.append(tick.case_seconds)
        if 14.0 <= tick.case_seconds < 14.1:
            model.go.set()
            until(lambda: model.asked >= 2)  # what waited meanwhile: the first answer has been given, and it is still 14 s

    case = Case(tmp_path, capsys, live.PlotSource(clock, every(0.2, 20)), clock, model=model, listener=listen)
    assert looked == every(0.2, 20), "every look was made"
    first = case.entries("remark")[0]
    assert 11 < first["age_seconds"] < 13, "asked at 2 s, answered at 14"
    assert first["text"] == "The grasper retracts."
    assert first["expires_seconds"] == pytest.approx(first["seen_until_seconds"] + 20)
    assert "THE MODEL'S OWN WORDS" in case.screen
    assert "s later): The grasper retracts." in case.screen
    assert not case.entries("decision"), "no alert came of it"


@pytest.mark.slow
def test_the_process_is_killed_and_started_again(tmp_path: Path) -> None:
    """`medgrpo watch` itself, kill -9 in the middle, then the same command once more."""
    path = film(tmp_path / "film.mp4", [moving(number) for number in range(100)], 10)
    watch = ["watch", str(path), "--out", str(tmp_path / "case"), "--key", str(tmp_path / "key.pem")]
    program = [sys.executable, "-c", "import sys; from medgrpo.cli import main; sys.exit(main(sys.argv[1:]))", *watch]
    log = tmp_path / "case" / "record" / "000001.jsonl"
    first = subprocess.Popen([*program, "--loops", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: log.exists() and log.read_bytes().count(b'"kind":"tick"') >= 5)
    first.kill()
    first.wait()
    again = subprocess.run([*program, "--speed", "0"], capture_output=True, text=True, timeout=120, check=True)
    assert "looks of 100 pictures" in again.stdout
    entries = [entry for _, _, entry, _ in read_entries(log.parent) if isinstance(entry, Entry)]
    kinds = [entry.kind for entry in entries]
    assert kinds[0] == "opened"
    assert kinds.count("resumed") == 1
    assert kinds[-1] == "closed"
    before, after = kinds[: kinds.index("resumed")], kinds[kinds.index("resumed") :]
    assert before.count("tick") >= 5
    assert after.count("tick") >= 50
    assert "torn_bytes" in dict(entries[kinds.index("resumed")].body)
    assert verify(log.parent, SigningKey.at(tmp_path / "key.pem").public).genuine
