"""Upright, deinterlaced, true to colour."""

from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from medgrpo.video import open_video
from medgrpo.video.picture import Painter, deinterlaced

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 230, 230)


def quarters(size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Red top left, green top right, blue bottom left, white bottom right."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, WHITE
    return image


def corners(image: np.ndarray) -> list[str]:
    """Names of the colours top left, top right, bottom left, bottom right."""
    height, width = image.shape[:2]
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    places = [
        (height // 4, width // 4),
        (height // 4, 3 * width // 4),
        (3 * height // 4, width // 4),
        (3 * height // 4, 3 * width // 4),
    ]
    return [min(names, key=lambda name: int(np.abs(image[place].astype(int) - names[name]).sum())) for place in places]


@pytest.mark.parametrize(
    ("counterclockwise", "degrees", "expected"),
    [
        (0, 0, ["red", "green", "blue", "white"]),
        (-90, 90, ["blue", "red", "white", "green"]),
        (180, 180, ["white", "blue", "green", "red"]),
        (90, 270, ["green", "white", "red", "blue"]),
    ],
)
def test_rotation(counterclockwise: int, degrees: int, expected: list[str], tmp_path: Path, make: SimpleNamespace) -> None:
    path = make.video(tmp_path / "a.mp4", 3, rotation=counterclockwise, images=[quarters()] * 3)
    with open_video(path) as source:
        frame = source.frame_at(0.04)
        assert source.info.rotation_degrees == degrees
        assert (source.info.width, source.info.height) == ((48, 64) if degrees in (90, 270) else (64, 48))
        assert frame.image.shape == (source.info.height, source.info.width, 3)
        assert frame.image.flags.c_contiguous
        assert corners(frame.image) == expected


@pytest.mark.parametrize(
    ("codec", "pixel_format"), [("libx264", "yuv444p"), ("libx264", "yuv420p10le"), ("libx264", "yuvj420p"), ("ffv1", "yuv422p")]
)
def test_colours_survive(codec: str, pixel_format: str, tmp_path: Path, make: SimpleNamespace) -> None:
    path = make.video(
        tmp_path / "a.mkv",
        1,
        codec=codec,
        pixel_format=pixel_format,
        images=[quarters()],
        options={"qp": "1"} if codec == "libx264" else {},
    )
    with open_video(path) as source:
        image = source.frame_at(0).image.astype(int)
    for (row, column), colour in {(10, 10): RED, (10, 50): GREEN, (40, 10): BLUE, (40, 50): WHITE}.items():
        assert np.abs(image[row, column] - colour).max() <= 5


def combed() -> av.VideoFrame:
    """Even lines black, odd lines white: what two fields of a moving edge look like, flagged interlaced by an encoder."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[1::2] = 255
    encoder = av.VideoCodecContext.create("mpeg2video", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 64, 48, "yuv420p", 25
    encoder.options = {"flags": "+ilme+ildct", "qmin": "1", "qmax": "2"}
    encoder.bit_rate = 20_000_000
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
    frame.pts = 0
    packets = encoder.encode(frame) + encoder.encode(None)
    decoder = av.VideoCodecContext.create("mpeg2video", "r")
    frames = [each for packet in [*packets, None] for each in decoder.decode(packet)]
    return frames[0]


def test_interlaced_frames_lose_their_comb() -> None:
    frame = combed()
    assert frame.interlaced_frame
    woven = frame.to_ndarray(format="gray").astype(int)
    smooth = deinterlaced(frame).to_ndarray(format="gray").astype(int)
    assert np.abs(np.diff(woven[4:-4], axis=0)).mean() > 150
    assert np.abs(np.diff(smooth[4:-4], axis=0)).mean() < 10
    assert np.array_equal(Painter(exact=True).paint(frame), Painter(exact=True).paint(frame))
