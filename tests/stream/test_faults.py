"""Faults of the video, one after the other, through the real loop: what the screen says and what the record holds.

The table in docs/live.md states what is tested here and in test_faults_around.py; senders that are really cut off are in
test_protocols.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from medgrpo.perception import CausalPerceiver, load_perceiver
from medgrpo.stream import (
    FileSource,
    LinkEvent,
    LinkState,
    LiveSource,
    ManualClock,
    NetworkSource,
)
from medgrpo.video import Image, LiveReading
from tests.stream import live
from tests.stream.watched import RISKS, Case, every, film, moving


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
