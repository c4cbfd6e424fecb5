"""Makes small videos of every kind at test time. Frame i of every one is flat grey of level 30 + 20 * (i % 10)."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest


def grey(number: int) -> int:
    return 30 + 20 * (number % 10)


def flat(number: int, size: tuple[int, int]) -> np.ndarray:
    return np.full((size[1], size[0], 3), grey(number), np.uint8)


def write_video(
    path: Path,
    count: int = 10,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    size: tuple[int, int] = (64, 48),
    rate: int = 25,
    ticks: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    container_format: str | None = None,
    rotation: int | None = None,
    audio_seconds: float = 0,
    images: Sequence[np.ndarray] | None = None,
) -> Path:
    """Encode `count` frames; `ticks` are their presentation stamps in `time_base` (1/rate unless given)."""
    base = time_base or Fraction(1, rate)
    with av.open(f"file:{path}", "w", format=container_format, container_options=container_options or {}) as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.codec_context.time_base = base
        stream.time_base = base
        if rotation is not None:
            stream.set_display_rotation(rotation)
        sound = None
        if audio_seconds:
            sound = out.add_stream("aac", rate=16000)
        for number in range(count):
            image = images[number] if images is not None else flat(number, size)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = (ticks[number] if ticks is not None else number), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            write_sound(out, sound, audio_seconds)
    return path


def write_sound(out: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    for start in range(0, int(seconds * 16000), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, start
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def write_audio(path: Path, seconds: float = 1.0) -> Path:
    with av.open(str(path), "w") as out:
        write_sound(out, out.add_stream("pcm_s16le" if path.suffix == ".wav" else "aac", rate=16000, layout="mono"), seconds)
    return path


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    return SimpleNamespace(video=write_video, audio=write_audio, flat=flat, grey=grey)
