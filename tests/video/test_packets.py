"""Compressed packets kept and cut again: the same pictures, nothing else, and never more than the ring may hold."""

from __future__ import annotations

import gc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from medgrpo.core import VideoError
from medgrpo.video import Cut, LiveReading, PictureEncoder, RingLimits, write_clip

RATE = 25


def written(path: Path, seconds: int, *, gop: int = 25, codec: str = "libx264", tune: dict[str, str] | None = None) -> Path:
    """Moving pictures with a tone beside them, a title, and a key frame every `gop` pictures."""
    random = np.random.default_rng(3)
    noise = random.integers(0, 255, (96, 128 + 25 * seconds, 3), np.uint8)
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "PATIENT NAME"
        stream = container.add_stream(codec, rate=RATE, options={"g": str(gop), "bf": "2", "sc_threshold": "0", **(tune or {})})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        tone = container.add_stream("aac", rate=8000)
        for place in range(RATE * seconds):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, place : place + 128]), format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        sound = AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(tone.encode(sound))
        container.mux(tone.encode(None))
    return path


def pictures(path: Path) -> dict[int, np.ndarray]:
    """By milliseconds."""
    with av.open(str(path)) as container:
        return {round(1000 * frame.time): frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)}


def ring_of(path: Path, limits: RingLimits, until: float = 1e9):
    with LiveReading(str(path), keep=limits) as reading:
        for picture in reading.pictures():
            ring = picture.packets.ring
            assert picture.packets.seconds == picture.stamp
            if picture.stamp >= until:
                break
    return ring


FAST = {"deadline": "realtime", "cpu-used": "8"}


@pytest.mark.parametrize(
    ("name", "codec", "tune"), [("a.mp4", "libx264", None), ("a.ts", "libx264", None), ("a.mkv", "libvpx", FAST)]
)
def test_a_clip_shows_the_very_pictures_and_holds_nothing_else(
    tmp_path: Path, name: str, codec: str, tune: dict[str, str] | None
) -> None:
    source = written(tmp_path / name, 4, codec=codec, tune=tune)
    given = pictures(source)
    first = min(given) / 1000
    ring = ring_of(source, RingLimits(60))
    cut = ring.cut(first + 1.5, first, first + 3.1)
    assert isinstance(cut, Cut)
    assert cut.from_seconds == pytest.approx(first + 1.0, abs=0.002), "from the key frame before"
    found = write_clip(cut, tmp_path / "clip")
    assert not list(tmp_path.glob(".*")), "nothing unfinished is left"
    clip = tmp_path / found.name
    shown = pictures(clip)
    assert min(shown) == 0
    assert max(shown) <= 2100
    assert len(shown) >= 48
    for at, picture in shown.items():
        assert np.array_equal(picture, given[at + round(1000 * cut.from_seconds)]), at
    data = clip.read_bytes()
    ours = (b"Lavf",) if clip.suffix == ".mp4" else ()  # Matroska must name what wrote it
    assert not [word for word in (b"PATIENT", b"x264", *ours) if word in data]
    with av.open(str(clip)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert "title" not in container.metadata


def test_the_ring_is_bounded_in_seconds_and_bytes(tmp_path: Path) -> None:
    source = written(tmp_path / "a.mp4", 12)
    whole = ring_of(source, RingLimits(60))
    short = ring_of(source, RingLimits(4))
    small = ring_of(source, RingLimits(60, whole.bytes // 3))
    assert short.bytes < 0.5 * whole.bytes
    assert small.bytes <= whole.bytes // 3
    for ring in (short, small):
        assert ring.cut(0.5, 0.0, 3.0) == "no key frame from which it could begin is kept"
        assert isinstance(ring.cut(10.5, 0.0, 11.5), Cut)


def test_a_group_longer_than_the_ring_is_not_kept_at_all(tmp_path: Path) -> None:
    ring = ring_of(written(tmp_path / "a.mp4", 6, gop=1000), RingLimits(3))
    assert ring.bytes == 0
    assert isinstance(ring.cut(5, 0, 6), str)


def test_it_begins_no_earlier_than_it_may(tmp_path: Path) -> None:
    ring = ring_of(written(tmp_path / "a.mp4", 5), RingLimits(60))
    cut = ring.cut(1.5, 1.2, 4.0)
    assert isinstance(cut, Cut)
    assert cut.from_seconds == pytest.approx(2.0), "the key frame before lies where it may not begin"
    assert cut.until_seconds <= 4.0
    assert isinstance(ring.cut(1.5, 4.5, 4.6), str)


def test_a_clip_that_cannot_be_written_is_not_there(tmp_path: Path) -> None:
    cut = ring_of(written(tmp_path / "a.mp4", 2), RingLimits(60)).cut(0, 0, 2)
    assert isinstance(cut, Cut)
    with pytest.raises(VideoError, match="is not written"):
        write_clip(cut, tmp_path / "nowhere" / "clip")
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(VideoError, match="is not written"):
        write_clip(cut, tmp_path / "clip")
    assert not list(tmp_path.glob(".*"))


def test_pictures_without_packets_are_encoded_once(tmp_path: Path) -> None:
    encoder = PictureEncoder(65, 48, RingLimits(5))
    for place in range(100):
        encoder.add(np.full((48, 65, 3), 2 * place, np.uint8), place / 5)
    encoder.add(np.zeros((48, 65, 3), np.uint8), 19.8)  # no new moment
    cut = encoder.ring.cut(17.0, 0.0, 19.0)
    assert isinstance(cut, Cut)
    clip = tmp_path / write_clip(cut, tmp_path / "clip").name
    shown = pictures(clip)
    assert list(shown)[:3] == [0, 200, 400]
    assert all(abs(int(picture.mean()) - 2 * round(5 * (cut.from_seconds + at / 1000))) <= 4 for at, picture in shown.items())
    assert isinstance(encoder.ring.cut(3.0, 0.0, 4.0), str), "long gone"


def _pictures_held() -> int:
    """By type, not isinstance: that asks every object in the process for its class, and some warn."""
    return sum(type(one) is VideoFrame for one in gc.get_objects())


def test_pictures_are_gone_without_the_garbage_collector(tmp_path: Path) -> None:
    """A live stream gives a megabyte a picture: none may wait for a collection that comes when it likes."""
    source = written(tmp_path / "a.mp4", 4)
    gc.collect()
    before = _pictures_held()
    gc.disable()
    try:
        with LiveReading(str(source)) as reading:
            for picture in reading.pictures():
                picture.image()
        del picture, reading
        left = _pictures_held() - before
    finally:
        gc.enable()
    assert left <= 2


def test_a_clock_that_was_set_back_leaves_nothing_of_before(tmp_path: Path) -> None:
    """A stream that starts counting anew: the same times must not give the pictures of before."""
    source = written(tmp_path / "a.mp4", 6)
    ring = ring_of(source, RingLimits(60))
    with av.open(str(source)) as container:
        for packet in container.demux(container.streams.video[0]):
            ring.add(packet)
            if packet.pts is not None and packet.pts * packet.time_base > 2:
                break
    assert isinstance(ring.cut(3.0, 2.5, 5.0), str)
    cut = ring.cut(1.0, 0.0, 2.0)
    assert isinstance(cut, Cut)
    assert len(cut.packets) <= 30
