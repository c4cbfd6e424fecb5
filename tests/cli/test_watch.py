"""`medgrpo watch` from the command line: what it leaves behind, and how it says that a case has ended."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cryptography", reason="needs the extra `live`")
pytest.importorskip("rfc8785", reason="needs the extra `live`")

from medgrpo import cli
from medgrpo.audit import Entry, Journal, SigningKey, read_entries
from medgrpo.perception import Domain
from medgrpo.stream import ManualClock, stamped
from medgrpo.video import Frame, VideoWriter
from tests.stream import live

PLOT = ((0.0, "preparation", "grasper,retract,gallbladder"),)


class Watcher:
    """The command in this process, with looks that follow a plot."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.case, self._key = folder / "case", folder / "key.pem"
        self.perceiver, self._patch = live.PlotPerceiver(PLOT), monkeypatch
        monkeypatch.setattr("medgrpo.perception.load_perceiver", lambda: self.perceiver)

    def __call__(self, source: str, *more: str) -> int:
        return cli.main(["watch", source, "--out", str(self.case), "--key", str(self._key), *more])

    def stop_after(self, seconds: float, number: signal.Signals = signal.SIGTERM) -> None:
        """Somebody stops it at the first look after that second."""
        look = self.perceiver.look

        def stopped(frame: Frame) -> object:
            if frame.seconds > seconds:
                os.kill(os.getpid(), number)
            return look(frame)

        self._patch.setattr(self.perceiver, "look", stopped)

    def entries(self, kind: str) -> list[Entry]:
        return [entry for entry in self.whole() if entry.kind == kind]

    def whole(self) -> list[Entry]:
        return [entry for _, _, entry, _ in read_entries(self.case / "record") if isinstance(entry, Entry)]

    def last(self) -> Entry:
        return self.whole()[-1]


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
def test_a_case_that_somebody_stopped_says_by_which_signal(watch: Watcher, video: Path, number: signal.Signals) -> None:
    watch.stop_after(1.0, number)
    assert watch(str(video), "--speed", "0") == 0
    assert (watch.last().kind, watch.last().body) == ("closed", {"why": f"stopped by {number.name}"})


def test_a_source_that_cannot_be_opened_leaves_nothing_behind(
    watch: Watcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    before = {path.name for path in tmp_path.iterdir()}
    for source in (str(broken), "tcp://127.0.0.1:1", "/dev/video77"):
        assert watch(source) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert source.rpartition("/")[2] in line
        assert {path.name for path in tmp_path.iterdir()} == before, "neither a case nor a key"


def test_a_file_of_which_nothing_can_be_decoded_leaves_nothing_behind(
    watch: Watcher, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import av

    data = bytearray(video.read_bytes())
    with av.open(str(video)) as reading:
        packets = [(packet.pos, packet.size) for packet in reading.demux(reading.streams.video[0]) if packet.size]
    for place, size in packets:
        data[place : place + size] = bytes(size)
    video.write_bytes(data)
    assert watch(str(video), "--speed", "0") == 2
    assert "gave no picture" in capsys.readouterr().err
    assert not watch.case.exists()


def test_an_unfinished_case_stays_as_it_was_when_its_source_does_not_come_back(watch: Watcher, video: Path, tmp_path: Path) -> None:
    key = SigningKey.at(tmp_path / "key.pem")
    Journal(watch.case / "record", key, partial(stamped, ManualClock()), {}).leave()
    before = {path: path.read_bytes() for path in watch.case.rglob("*") if path.is_file()}
    assert watch("tcp://127.0.0.1:1") == 2
    assert {path: path.read_bytes() for path in watch.case.rglob("*") if path.is_file()} == before
    assert watch(str(video), "--speed", "0") == 0, "and can still be gone on with"


def test_a_folder_that_is_being_watched_into_is_refused_in_one_line_and_left_as_it_is(
    watch: Watcher, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey.at(tmp_path / "key.pem")
    with Journal(watch.case / "record", key, partial(stamped, ManualClock()), {}):
        before = {path: path.read_bytes() for path in watch.case.rglob("*") if path.is_file()}
        assert watch(str(video), "--speed", "0") == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert str(watch.case) in line
        assert "another process is writing" in line
        assert {path: path.read_bytes() for path in watch.case.rglob("*") if path.is_file()} == before
        assert not (watch.case / "live").exists()


def _stopped_once(done: Callable[[], bool]) -> threading.Thread:
    """Ask this process to end, as a person does, once `done` says so and the command listens to it."""

    def stop() -> None:
        end = time.monotonic() + 60
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL or not done():
            if time.monotonic() > end:
                return
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    return thread


def test_whoever_stops_before_the_first_picture_has_begun_no_case(watch: Watcher, capsys: pytest.CaptureFixture[str]) -> None:
    """A sender that connects and sends nothing, and somebody who does not want to wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        come: list[socket.socket] = []

        def connected() -> bool:
            come.append(server.accept()[0])
            return True

        stopping = _stopped_once(connected)
        assert watch(f"tcp://127.0.0.1:{server.getsockname()[1]}") in (2, 130)
        stopping.join()
        for one in come:
            one.close()
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not watch.case.exists()


def test_a_sender_is_waited_for_in_a_case_and_a_place_that_is_taken_begins_none(
    watch: Watcher, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("aiortc", reason="needs the extra `webrtc`")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert watch(f"webrtc://127.0.0.1:{port}/theatre") == 2
        assert "cannot be listened to" in capsys.readouterr().err
        assert not watch.case.exists()
    stopping = _stopped_once(lambda: (watch.case / "record").exists() and bool(watch.entries("decision")))
    assert watch(f"webrtc://127.0.0.1:{port}/theatre") == 0
    stopping.join()
    assert [entry.body["state"] for entry in watch.entries("link")] == ["waiting for a sender"]
    (said,) = (entry.body for entry in watch.entries("decision"))
    assert (said["channel"], said["decision"]) == ("video_lost", "said")
    assert "no sender has come yet" in said["why"]


def test_the_simulator_is_recorded_as_such_and_its_scene_which_stands_still_is_not_blackened(
    watch: Watcher, capsys: pytest.CaptureFixture[str]
) -> None:
    watch.stop_after(4.0)
    assert watch("simulator:7", "--speed", "0") == 0
    (opened,) = watch.entries("opened")
    assert opened.body["simulated"] is True
    assert opened.body["site"]["privacy"]["find_text"] is False, "and says why nothing is black"
    ticks = watch.entries("tick")
    assert len(ticks) > 15
    assert all(tick.body["black"] == {"text": 0.0, "regions": 0.0} for tick in ticks)
    (summed,) = watch.entries("summary")
    assert summed.body["domain"].startswith("simulated")
    assert capsys.readouterr().out.count("SIMULATED") == 1


def test_a_file_is_not_called_simulated_by_its_source(watch: Watcher, video: Path) -> None:
    watch.perceiver.domain = Domain.CHOLECYSTECTOMY
    assert watch(str(video), "--speed", "0") == 0
    (opened,) = watch.entries("opened")
    assert opened.body["simulated"] is None
    assert opened.body["site"]["privacy"]["find_text"] is True
