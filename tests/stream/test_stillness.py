"""A picture that stands is found behind encoders, which never give two equal ones; one that moves slowly is not taken for it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from medgrpo.stream import FileSource, ManualClock
from medgrpo.stream.arrival import Arrival
from medgrpo.stream.stillness import StillLimits, Stillness
from medgrpo.video import Brightness, Image, brightness

HEIGHT, WIDTH = 240, 320


def scene(number: float) -> Image:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    wave = 90 + 50 * np.sin((rows + 3 * number) / 23) * np.cos((columns - 2 * number) / 31)
    return np.stack([wave * 1.4, wave * 0.7, wave * 0.6], 2).astype(np.uint8)


def with_clock(image: Image, number: int) -> Image:
    """Digits' worth of pixels that change with every picture, some two hundredths of the picture's width."""
    image = image.copy()
    image[4:16, 4:28] = 40 * (number % 6)
    return image


def coded(path: Path, pictures: list[Image], codec: str, form: str, options: dict[str, str]) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, form
        for place, image in enumerate(pictures):
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = place, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def standing(path: Path) -> tuple[list[int], int]:
    """Places of pictures that are the same as an earlier one by parts, and how many are so by their checksum."""
    found, still, equal, last = list[int](), Stillness(StillLimits()), 0, None
    for signal in FileSource(path, ManualClock(), 0).signals(lambda: False):
        if isinstance(signal, Arrival):
            equal, last = equal + (signal.mark == last), signal.mark
            if not still.moved(signal.mark, signal.brightness()):
                found.append(signal.index)
    return found, equal


CODINGS = {
    "x264": ("libx264", "yuv420p", {"preset": "veryfast", "crf": "20", "threads": "1"}),
    "x264, no latency": ("libx264", "yuv420p", {"preset": "veryfast", "tune": "zerolatency", "threads": "1"}),
    "x264, few bits, key frames": (
        "libx264",
        "yuv420p",
        {"preset": "veryfast", "b": "200k", "maxrate": "200k", "bufsize": "100k", "g": "10", "threads": "1"},
    ),
    "mpeg4": ("mpeg4", "yuv420p", {"b": "300k"}),
    "mjpeg": ("mjpeg", "yuvj420p", {}),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("clock", [False, True])
def test_a_still_behind_an_encoder_is_found_and_movement_is_not(tmp_path: Path, coding: str, clock: bool) -> None:
    codec, form, options = CODINGS[coding]
    pictures = [*map(scene, range(20)), *[scene(20)] * 40, *map(scene, range(21, 40))]
    shown = [with_clock(image, place) for place, image in enumerate(pictures)] if clock else pictures
    found, equal = standing(coded(tmp_path / "film.mkv", shown, codec, form, options))
    assert set(range(22, 60)) <= set(found) <= set(range(20, 61)), "the encoder may still be catching up with the first one or two"
    if coding == "x264, few bits, key frames" and not clock:
        assert equal < 39, "the checksum alone would not have seen it"


def parts(level: float) -> Brightness:
    return np.full((18, 32), level, np.float32)


def test_slow_movement_is_movement_and_a_running_clock_is_none() -> None:
    still = Stillness(StillLimits())
    assert still.moved(0, parts(100.0))
    moved = [still.moved(n, parts(100.0 + 0.3 * n)) for n in range(1, 6)]
    assert moved == [False, False, False, True, False], "the fourth is 1.2 away from the first"
    clock = parts(100.0)
    assert still.moved(10, clock.copy())
    clock[0, :11] += 50  # 11 of 576 parts, .019; the mean moves by .95
    assert not still.moved(11, clock.copy())
    clock[0, 11] += 6  # the twelfth: .0208
    assert still.moved(12, clock)


def test_where_brightness_is_not_known_the_checksum_decides() -> None:
    still = Stillness(StillLimits())
    assert [still.moved(mark, None) for mark in (1, 1, 2, 2, 1)] == [True, False, True, False, True]


def test_brightness_is_the_mean_of_each_part() -> None:
    gray = np.zeros((36, 64), np.uint8)
    gray[:2, :2] = 200
    gray[34:, 62] = 100
    found = brightness(VideoFrame.from_ndarray(gray, format="gray"))
    assert found is not None
    assert (found[0, 0], found[17, 31], found.sum()) == (200.0, 50.0, 250.0)
    assert brightness(VideoFrame.from_ndarray(gray[:17], format="gray")) is None
