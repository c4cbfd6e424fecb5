"""Every kind of odd file: exact times and the right pictures, or one clear line; never another error, never a hang."""

import os
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from medgrpo.core import VideoError
from medgrpo.video import Frame, ReadingReport, encode_jpeg, encode_png, open_video

TEN = [number / 25 for number in range(10)]
ERROR = "error"
EITHER = "either"


@dataclass(frozen=True)
class Case:
    """`times`: what must be read, ERROR, or EITHER (some frames in order of time, or one clear error)."""

    name: str
    build: Callable[[Path, SimpleNamespace], Path]
    times: list[float] | str = ERROR
    grey: bool = True
    report: dict[str, Any] | None = None
    slack: float = 1e-9


def data(name: str, content: bytes) -> Callable[[Path, SimpleNamespace], Path]:
    def build(folder: Path, _: SimpleNamespace) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return build


def video(name: str, count: int = 10, **options: Any) -> Callable[[Path, SimpleNamespace], Path]:
    return lambda folder, make: make.video(folder / name, count, **options)


def cut(name: str, share: float, **options: Any) -> Callable[[Path, SimpleNamespace], Path]:
    """The first part of a good file."""

    def build(folder: Path, make: SimpleNamespace) -> Path:
        path = make.video(folder / name, 100, **options)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        return path

    return build


def flipped(name: str, seed: int, **options: Any) -> Callable[[Path, SimpleNamespace], Path]:
    """Twenty random bytes of a good file changed."""

    def build(folder: Path, make: SimpleNamespace) -> Path:
        path = make.video(folder / name, 60, size=(96, 64), options={"g": "12"}, **options)
        content = bytearray(path.read_bytes())
        chance = random.Random(seed)
        for _ in range(20):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        return path

    return build


def joined(*parts: dict[str, Any]) -> Callable[[Path, SimpleNamespace], Path]:
    """Transport streams put end to end, as recorders do."""

    def build(folder: Path, make: SimpleNamespace) -> Path:
        pieces = [make.video(folder / f"part{i}.ts", options={"bf": "0"}, **part).read_bytes() for i, part in enumerate(parts)]
        path = folder / "joined.ts"
        path.write_bytes(b"".join(pieces))
        return path

    return build


def pictures(files: dict[str, bytes]) -> Callable[[Path, SimpleNamespace], Path]:
    def build(folder: Path, _: SimpleNamespace) -> Path:
        inside = folder / "pictures"
        inside.mkdir()
        for name, content in files.items():
            (inside / name).write_bytes(content)
        return inside

    return build


def looping_link(folder: Path, _: SimpleNamespace) -> Path:
    (folder / "a.mp4").symlink_to(folder / "b.mp4")
    (folder / "b.mp4").symlink_to(folder / "a.mp4")
    return folder / "a.mp4"


def pipe(folder: Path, _: SimpleNamespace) -> Path:
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


def no_permission(folder: Path, make: SimpleNamespace) -> Path:
    path = make.video(folder / "locked.mp4")
    path.chmod(0)
    return path


def no_packets(folder: Path, _: SimpleNamespace) -> Path:
    with av.open(str(folder / "none.mkv"), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    return folder / "none.mkv"


def huge_duration(folder: Path, make: SimpleNamespace) -> Path:
    """A header and a stream tag that promise days."""
    path = make.video(folder / "huge.mkv")
    content = path.read_bytes().replace(b"00:00:00.400000000", b"99:00:00.400000000")
    place = content.index(b"\x44\x89\x88") + 3
    path.write_bytes(content[:place] + struct.pack(">d", 99 * 3_600_000.0) + content[place + 8 :])
    return path


def grey_jpeg(number: int) -> bytes:
    return encode_jpeg(np.full((48, 64, 3), 30 + 20 * (number % 10), np.uint8), 95)


CASES = [
    Case("missing", lambda folder, _: folder / "nothing.mp4"),
    Case("empty", data("a.mp4", b"")),
    Case("one byte", data("a.mp4", b"\0")),
    Case("text", data("a.txt", b"Dear colleague,\nthe video is attached.\n" * 50)),
    Case("text called mp4", data("a.mp4", b"Dear colleague,\nthe video is attached.\n" * 50)),
    Case("html", data("a.mp4", b"<!DOCTYPE html><html><body>404</body></html>")),
    Case("random bytes", data("a.mp4", random.Random(1).randbytes(50_000))),
    Case("random bytes called ts", data("a.ts", random.Random(2).randbytes(50_000))),
    Case("random bytes called h264", data("a.h264", random.Random(3).randbytes(50_000)), EITHER),
    Case("zeros", data("a.mkv", bytes(50_000))),
    Case("subtitles", data("a.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n")),
    Case("playlist", data("a.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://192.0.2.1/a.ts\n#EXT-X-ENDLIST\n")),
    Case("jpeg called mp4", data("a.mp4", grey_jpeg(0))),
    Case("jpeg", data("a.jpg", grey_jpeg(0))),
    Case("png called mp4", data("a.mp4", encode_png(np.zeros((8, 8, 3), np.uint8)))),
    Case("wav", lambda folder, make: make.audio(folder / "a.wav")),
    Case("sound only mp4", lambda folder, make: make.audio(folder / "a.mp4")),
    Case("no packets", no_packets),
    Case("link loop", looping_link),
    Case("named pipe", pipe),
    Case("device", lambda *_: Path("/dev/zero")),
    Case("no permission", no_permission, EITHER),
    Case("mp4 cut before its index", cut("a.mp4", 0.6)),
    Case("mp4 header only", cut("a.mp4", 0.02)),
    Case("folder empty", pictures({})),
    Case("folder without pictures", pictures({"notes.txt": b"x"})),
    Case("folder of broken pictures", pictures({"000001.jpg": b"\xff\xd8\xff\xe0broken", "000002.jpg": b""})),
    Case("folder without times", pictures({"liver.jpg": grey_jpeg(0)})),
    Case("folder with one second twice", pictures({"01.jpg": grey_jpeg(0), "001.jpg": grey_jpeg(0)})),
    Case("folder with bad times", pictures({"a.jpg": grey_jpeg(0), "times.csv": b"file,seconds\na.jpg,soon\n"})),
    Case("folder with negative times", pictures({"a.jpg": grey_jpeg(0), "times.csv": b"file,seconds\na.jpg,-1\n"})),
    Case("folder with binary times", pictures({"a.jpg": grey_jpeg(0), "times.csv": b"\xff\xfe\0"})),
    Case(
        "folder", pictures({f"{10 - i:06}.jpg": grey_jpeg(10 - i) for i in range(10)}), [float(i) for i in range(1, 11)], grey=False
    ),
    Case(
        "folder with a broken and a nameless picture",
        pictures({"0.jpg": grey_jpeg(0), "1.jpg": grey_jpeg(1)[:60], "2.jpg": grey_jpeg(2), "x.jpg": b""}),
        [0.0, 2.0],
        grey=False,
        report={"frames_broken": 1, "frames_without_time": 1},
    ),
    Case(
        "folder with times",
        pictures({"b.jpg": grey_jpeg(0), "a.jpg": grey_jpeg(1), "times.csv": b"file,seconds\na.jpg,2.5\nb.jpg,0.04\ngone.jpg,1\n"}),
        [0.04, 2.5],
        report={"frames_broken": 1},
    ),
    Case("mp4 with B-frames", video("a.mp4"), TEN),
    Case("mp4 without B-frames", video("a.mp4", options={"bf": "0"}), TEN),
    Case("fragmented mp4", video("a.mp4", container_options={"movflags": "frag_keyframe+empty_moov"}), TEN),
    Case("mkv", video("a.mkv"), TEN),
    Case("vp9 webm", video("a.webm", codec="libvpx-vp9"), TEN),
    Case("av1 mkv", video("a.mkv", codec="libsvtav1", options={"preset": "12"}, size=(64, 64)), TEN),
    Case("mjpeg avi", video("a.avi", codec="mjpeg", pixel_format="yuvj420p"), TEN),
    Case("mpeg4 avi", video("a.avi", codec="mpeg4"), TEN),
    Case("mpeg4 avi with B-frames", video("a.avi", codec="mpeg4", options={"bf": "2"}), TEN),
    Case("h264 avi with B-frames", video("a.avi"), TEN),
    Case("transport stream", video("a.ts"), TEN),
    Case("program stream", video("a.mpg", codec="mpeg2video"), TEN),
    Case("flv", video("a.flv", codec="flv1"), TEN),
    Case("gif", video("a.gif", codec="gif", pixel_format="gray", rate=20), [i / 20 for i in range(10)]),
    Case("apng", video("a.apng", codec="apng", pixel_format="rgb24"), TEN),
    Case("prores 10 bit mov", video("a.mov", codec="prores_ks", pixel_format="yuv422p10le"), TEN),
    Case("ffv1 10 bit", video("a.mkv", codec="ffv1", pixel_format="yuv420p10le"), TEN),
    Case("h264 10 bit", video("a.mp4", pixel_format="yuv420p10le"), TEN),
    Case(
        "hevc 10 bit", video("a.mp4", codec="libx265", pixel_format="yuv420p10le", options={"x265-params": "log-level=none"}), TEN
    ),
    Case("grey ffv1", video("a.mkv", codec="ffv1", pixel_format="gray"), TEN),
    Case("rgb png", video("a.mov", codec="png", pixel_format="rgb24"), TEN),
    Case("full range", video("a.mp4", pixel_format="yuvj420p"), TEN),
    Case("raw h264", video("a.h264", options={"bf": "0"}), TEN, report={"frames_without_time": 10}),
    Case("raw h264 with B-frames", video("a.h264"), TEN, report={"frames_without_time": 10}),
    Case(
        "variable rate mkv",
        video("a.mkv", 5, ticks=[0, 40, 90, 1000, 1001], time_base=Fraction(1, 1000)),
        [0, 0.04, 0.09, 1.0, 1.001],
    ),
    Case(
        "variable rate mp4",
        video("a.mp4", 4, ticks=[0, 1001, 5005, 300_300], time_base=Fraction(1, 30_000)),
        [0, 1001 / 30e3, 5005 / 30e3, 10.01],
    ),
    Case("starts late, mkv", video("a.mkv", ticks=range(125, 135)), TEN, report={"truncated": False}),
    Case("starts late, ts", video("a.ts", ticks=range(90_000, 90_010)), TEN),
    Case("starts late, mp4", video("a.mp4", ticks=range(250, 260)), TEN),
    Case("negative stamps", video("a.mkv", ticks=range(-50, -40)), TEN),
    Case("edit list hides every frame", video("a.mp4", ticks=range(-50, -40))),
    Case("one frame", video("a.mp4", 1), [0.0]),
    Case("one frame a minute", video("a.mp4", 4, ticks=[0, 1500, 3000, 4500]), [0.0, 60.0, 120.0, 180.0]),
    Case("odd size", video("a.mkv", codec="ffv1", size=(101, 57)), TEN),
    Case("2 x 2", video("a.mp4", size=(2, 2)), TEN),
    Case("1 x 1", video("a.mov", codec="png", pixel_format="rgb24", size=(1, 1)), TEN),
    Case("portrait", video("a.mp4", size=(48, 96)), TEN),
    Case("4K", video("a.mp4", 2, size=(3840, 2160), options={"preset": "ultrafast"}), TEN[:2]),
    Case("interlaced", video("a.mpg", codec="mpeg2video", options={"flags": "+ilme+ildct"}), TEN),
    Case("longer sound", video("a.mp4", audio_seconds=5), TEN, report={"truncated": False}),
    Case("longer sound mkv", video("a.mkv", audio_seconds=5), TEN, report={"truncated": False}),
    Case("no duration", video("a.mkv", container_options={"live": "1"}), TEN),
    Case("huge duration", huge_duration, TEN, report={"truncated": True}),
    Case("cut mkv", cut("a.mkv", 0.6), EITHER),
    Case("cut ts", cut("a.ts", 0.6), EITHER),
    Case(
        "cut mp4 with index first",
        cut("a.mp4", 0.7, container_options={"movflags": "faststart"}),
        EITHER,
        report={"truncated": True},
    ),
    Case(
        "joined, clock starts again",
        joined({"ticks": range(100, 110)}, {"ticks": range(10)}),
        [i / 25 for i in range(20)],
        report={"clock_breaks": 1},
    ),
    Case("joined, clock jumps ahead", joined({}, {"ticks": range(1000, 1010)}), TEN + [40 + time for time in TEN]),
    Case("joined, size changes", joined({}, {"ticks": range(10, 20), "size": (128, 96)}), [i / 25 for i in range(20)]),
    Case("name with spaces", video("my video (1).mp4"), TEN),
    Case("name in unicode", video("Gallenblase – 胆囊.mp4"), TEN),
    Case("name with a newline", video("a\nb.mp4"), TEN),
    Case("name with a newline, not a video", data("a\nb.mp4", b"x")),
    Case("name like an address", video("http:x%03d.mp4"), TEN),
    *(Case(f"flipped bytes mp4 {seed}", flipped("a.mp4", seed), EITHER) for seed in range(6)),
    *(Case(f"flipped bytes mkv {seed}", flipped("a.mkv", seed), EITHER) for seed in range(6)),
    *(Case(f"flipped bytes ts {seed}", flipped("a.ts", seed), EITHER) for seed in range(6)),
    *(Case(f"flipped bytes avi {seed}", flipped("a.avi", seed, codec="mpeg4"), EITHER) for seed in range(3)),
]


def read(path: Path) -> VideoError | tuple[list[Frame], Frame, ReadingReport, tuple[int, int, int]]:
    """All frames, the middle one by seeking, what was counted and the shape that pictures should have."""
    try:
        with open_video(path) as source:
            frames = list(source.looks(0))
            report = source.report
            again = source.frame_at(frames[len(frames) // 2].seconds)
            return frames, again, report, (source.info.height, source.info.width, 3)
    except VideoError as error:
        return error


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gives_exact_frames_or_one_clear_line(case: Case, tmp_path: Path, make: SimpleNamespace) -> None:
    path = case.build(tmp_path, make)
    outcome = read(path)
    if isinstance(outcome, VideoError):
        assert case.times in (ERROR, EITHER), str(outcome)
        assert "\n" not in str(outcome)
        assert str(path).replace("\n", "\\n") in str(outcome)
        return
    frames, again, report, size = outcome
    assert case.times != ERROR, f"read {len(frames)} frames"
    times = [frame.seconds for frame in frames]
    assert frames
    assert times == sorted(times)
    assert all(frame.image.shape == size and frame.image.dtype == np.uint8 for frame in frames)
    for name, value in (case.report or {}).items():
        assert getattr(report, name) == value, report
    if isinstance(case.times, list):
        assert times == pytest.approx(case.times, abs=case.slack)
        assert again.seconds == times[len(frames) // 2]
        assert report.frames_decoded == len(frames)
        if case.grey:
            for number, frame in enumerate(frames):
                assert abs(float(frame.image.mean()) - make.grey(number)) < 6, number
