"""Bad input and faults, one after the other, through the real loop: what the screen says and what the record holds.

The table in docs/live.md states what is tested here; senders that are really cut off are in test_protocols.py.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from tests.stream import live

from medgrpo.audit import Entry, Journal, SigningKey, read_entries, verify
from medgrpo.cli.watching import Screen, summary
from medgrpo.knowledge import load_procedure
from medgrpo.models import Completion, Failure, Model, ModelCard, Request
from medgrpo.perception import CausalPerceiver, load_perceiver
from medgrpo.stream import (
    FastLoop,
    FileSource,
    LinkEvent,
    LinkState,
    LiveSession,
    LiveSource,
    ManualClock,
    NetworkSource,
    Site,
    SlowLoop,
    SlowSettings,
    Tick,
    stamped,
)
from medgrpo.video import Image, LiveReading, Sampling

PLOT = ((0.0, "preparation", "grasper,retract,gallbladder"),)
CLIP_TOO_EARLY = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)
RISKS = ("bleeding", "clip_before_dissection", "division_before_clip", "energy_without_view", "phase_order")


class Case:
    """A source watched to its end: the screen's lines, the ticks, the record."""

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        source: LiveSource,
        clock: ManualClock,
        *,
        perceiver: Any = None,
        model: Model | None = None,
        listener: Callable[[Tick], None] = lambda _: None,
        every_seconds: float = 0.2,
    ) -> None:
        self.folder, self.ticks, self.key = folder, list[Tick](), SigningKey.at(folder / "key.pem")
        loop = FastLoop(perceiver or live.PlotPerceiver(PLOT), load_procedure("cholecystectomy"), Site(), clock, live=False)
        with Journal(folder / "record", self.key, partial(stamped, clock), {}) as journal, Screen() as screen, ExitStack() as stack:
            slow = None if model is None else stack.enter_context(SlowLoop(model, clock, SlowSettings(every_seconds=4)))
            self.session = LiveSession(
                source,
                loop,
                clock,
                journal,
                folder,
                every_seconds=every_seconds,
                listeners=[self.ticks.append, screen.show, listener],
                slow=slow,
                on_remark=screen.remark,
            )
            timeline = self.session.run(lambda: False)
        self.screen = capsys.readouterr().out + summary(self.session.totals, timeline, folder)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [dict(entry.body) for entry in self.whole() if entry.kind == kind]

    def whole(self) -> list[Entry]:
        return [entry for _, _, entry, _ in read_entries(self.folder / "record") if isinstance(entry, Entry)]

    def decided(self, channel: str) -> list[str]:
        return [entry["decision"] for entry in self.entries("decision") if entry["channel"] == channel]

    def states(self, seconds: float) -> dict[str, str]:
        tick = next(tick for tick in self.ticks if tick.case_seconds >= seconds)
        return {report.channel: report.state.value for report in tick.channels}

    def genuine(self) -> bool:
        return verify(self.folder / "record", self.key.public).genuine


def every(step: float, until: float, start: float = 0.0) -> list[float]:
    return [round(start + step * place, 3) for place in range(round((until - start) / step))]


def moving(number: int, width: int = 160, height: int = 120) -> Image:
    return np.random.default_rng(number).integers(0, 255, (height // 8, width // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)


def film(path: Path, pictures: Sequence[Image], rate: int, **options: str) -> Path:
    """The same bytes every time, so that counts can be exact: what x264 makes of noise with its `mbtree` is not repeatable."""
    options = {"crf": "20", "preset": "veryfast", "threads": "2", "mbtree": "0"} | options
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        for place, image in enumerate(pictures):
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = place
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def test_the_stream_is_pulled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    lost, back = LinkEvent(LinkState.LOST, 6.0, "broke off"), LinkEvent(LinkState.RECONNECTED, 12.0, "camera")
    source = live.PlotSource(clock, [*every(0.2, 6), lost, *every(0.5, 12, 6), back, *every(0.2, 16, 12)])
    case = Case(tmp_path, capsys, source, clock)
    assert "LINK  lost: broke off" in case.screen
    assert "SAID  [Me] video_lost: the connection is lost: broke off" in case.screen
    assert "ENDED  [Me] video_lost: pictures come in" in case.screen
    assert [entry["state"] for entry in case.entries("link")] == ["lost", "reconnected"]
    assert {case.states(8)[channel] for channel in RISKS} == {"not assessed"}
    assert case.states(15)["bleeding"] == "monitoring"
    assert [tick.blind for tick in case.ticks if 7 <= tick.case_seconds < 12] == ["the connection is lost: broke off"] * 10


def test_the_picture_freezes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    pictures = [*map(moving, range(30)), *[moving(30)] * 60, *map(moving, range(31, 61))]
    case = Case(tmp_path, capsys, FileSource(film(tmp_path / "film.mkv", pictures, 10, crf="0"), clock, 0), clock)
    assert "SAID  [Me] video_frozen: the same picture for more than 2 s" in case.screen
    assert "ENDED  [Me] video_frozen: the picture changes" in case.screen
    totals = case.session.totals
    assert totals.duplicates == 59, "the film is coded without loss"
    assert totals.frozen == 20, "looks from 5.0 to 8.8 s, five a second"
    assert f"{totals.duplicates} the same as the one before, {totals.frozen} not judged because the picture stood" in case.screen
    assert {case.states(7)[channel] for channel in RISKS} == {"not assessed"}
    assert sum(entry["duplicates"] for entry in case.entries("tick")) == totals.duplicates
    assert "video_lost" not in case.screen


def test_resolution_and_frame_rate_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One stream: 160x120 at 25, then 320x240 at 10 pictures a second, then at 5."""
    clock = ManualClock()
    parts = [(160, 120, 25, 100), (320, 240, 10, 40), (320, 240, 5, 20)]
    data = b""
    for number, (width, height, rate, count) in enumerate(parts):
        pictures = [moving(1000 * number + place, width, height) for place in range(count)]
        data += transport_stream(tmp_path / f"{number}.ts", pictures, rate, 4.0 * number)
    (tmp_path / "whole.ts").write_bytes(data)

    class Paced(LiveReading):
        def pictures(self) -> Iterator[Any]:
            for picture in super().pictures():
                clock.at(picture.seconds or 0.0)
                yield picture

    source = NetworkSource(str(tmp_path / "whole.ts"), clock, Paced)
    source.waits = True
    case = Case(tmp_path, capsys, ending(source), clock)
    assert "LINK  picture size changed: from 160x120 to 320x240" in case.screen
    assert [entry["state"] for entry in case.entries("link")] == ["connected", "picture size changed", "lost"]
    assert case.entries("link")[1]["why"] == "from 160x120 to 320x240"
    assert case.session.totals.arrived == 160
    assert "SAID" not in case.screen.split("lost")[0], "a change of format is no fault"
    assert case.session.totals.faults.missing <= 12, "until five pictures tell the new rate, the gaps look like missing ones"
    assert [case.states(second)["bleeding"] for second in (2, 6, 10)] == ["monitoring"] * 3
    sizes = {tick.shown.shape[:2] for tick in case.ticks if tick.shown is not None}
    assert sizes == {(120, 160), (240, 320)}


def ending(source: NetworkSource) -> LiveSource:
    """The same source, until it is lost."""

    class Once:
        name, waits = source.name, True

        def signals(self, stop: Callable[[], bool]) -> Iterator[Any]:
            for signal in source.signals(stop):
                yield signal
                if isinstance(signal, LinkEvent) and signal.state is LinkState.LOST:
                    return

    return Once()


def transport_stream(path: Path, pictures: Sequence[Image], rate: int, begin: float) -> bytes:
    import av
    from av.video.frame import VideoFrame

    with av.open(str(path), "w", format="mpegts") as out:
        stream = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        for place, image in enumerate(pictures):
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = round(begin * rate) + place
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


def eye(number: int) -> Image:
    """Like a cataract operation under the microscope: sclera, iris, pupil with a red reflex, a slow drift."""
    rows, columns = np.mgrid[0:480, 0:854]
    away = np.hypot(rows - 240 - 6 * np.sin(number / 3), columns - 427 - 8 * np.cos(number / 4))
    image = np.full((480, 854, 3), (214, 190, 182), np.uint8)
    image[away < 200] = (92, 74, 52)
    image[away < 120] = (150, 60, 38)
    image[(away > 60) & (away < 64)] = (235, 225, 215)
    noise = np.random.default_rng(number).integers(0, 12, (480, 854, 1))
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def black(number: int) -> Image:
    return np.random.default_rng(number).integers(0, 6, (480, 854, 3)).astype(np.uint8)


def words(number: int) -> Image:
    image = black(number)
    for line in range(12):
        for letter in range(40):
            if (line * 40 + letter * 7 + number) % 5:
                image[40 + 34 * line : 58 + 34 * line, 40 + 18 * letter : 43 + 18 * letter] = 220
                image[40 + 34 * line : 43 + 34 * line, 40 + 18 * letter : 50 + 18 * letter] = 220
    return image


@pytest.fixture(scope="module")
def shipped() -> CausalPerceiver:
    return load_perceiver()


@pytest.mark.parametrize("picture", [eye, black, words])
def test_video_of_something_else(
    picture: Callable[[int], Image], shipped: CausalPerceiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the shipped networks: no risk is judged, the reason stands on the screen and in the record, all is dimmed."""
    clock, count = ManualClock(), iter(range(1000))
    source = live.PlotSource(clock, every(1.5, 15), paint=lambda: picture(next(count)))
    case = Case(tmp_path, capsys, source, clock, perceiver=shipped, every_seconds=1.5)
    assert {case.states(13)[channel] for channel in RISKS} == {"not assessed"}
    looks = [entry["look"] for entry in case.entries("tick")]
    assert all(look["seen"] is None for look in looks)
    assert all(look["not_assessed"] for look in looks)
    assert case.session.totals.dimmed == 10
    said = {entry["channel"] for entry in case.entries("decision") if entry["decision"] == "said"}
    assert said & {"out_of_domain", "view"}, case.screen
    assert not said & set(RISKS)
    assert "SAID" in case.screen


@pytest.mark.parametrize("frames_between", [2, 0])
def test_packets_are_corrupt(tmp_path: Path, capsys: pytest.CaptureFixture[str], frames_between: int) -> None:
    """Where no packet lies between two that it is told from, the decoder also holds pictures back without a word."""
    clock = ManualClock()
    path = film(tmp_path / "film.mp4", [moving(number) for number in range(120)], 10, bf=str(frames_between))
    with LiveReading(str(path)) as reading:
        packets = [(one.pos, one.size) for one in reading._container.demux(reading._stream) if one.pos is not None]
    data = bytearray(path.read_bytes())
    for place, size in packets[30:65]:
        data[place + size // 2 : place + size // 2 + 40] = b"\xff" * 40
    path.write_bytes(data)
    case = Case(tmp_path, capsys, FileSource(path, clock, 0), clock)
    totals = case.session.totals
    assert totals.faults.broken >= 10
    if frames_between:
        assert 120 - totals.faults.broken <= totals.arrived < 120
    assert totals.arrived < 120 <= totals.arrived + totals.faults.broken + totals.faults.missing, "nothing is lost uncounted"
    assert "SAID  [Lo] video_damaged: pictures were damaged or did not come" in case.screen
    assert f"{totals.faults.broken} did not decode" in case.screen
    assert sum(entry["faults"].get("broken", 0) for entry in case.entries("tick")) == totals.faults.broken
    assert case.ticks[-2].observation is not None, "it goes on"


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


class Ends:
    """A model that takes its own thread down."""

    card = ModelCard(name="ends", backend="scripted", revision="", sampling=Sampling())

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        raise SystemExit("killed")


def test_the_slow_loop_is_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    case = Case(tmp_path, capsys, live.PlotSource(clock, every(0.2, 20)), clock, model=Ends(), listener=lambda _: time.sleep(0.005))
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
        self.go = threading.Event()

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        self.go.wait(20)
        return [Completion("The grasper retracts.", "stop", None, None, 0.0) for _ in requests]


def test_the_model_stalls_for_ten_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock, model = ManualClock(), Stalls()
    looked: list[float] = []

    def listen(tick: Tick) -> None:
        looked.append(tick.case_seconds)
        if 14.0 <= tick.case_seconds < 14.1:
            model.go.set()
        if tick.case_seconds >= 14:
            time.sleep(0.02)

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
    end = time.monotonic() + 60
    while time.monotonic() < end and not (log.exists() and log.read_bytes().count(b'"kind":"tick"') >= 5):
        time.sleep(0.05)
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
