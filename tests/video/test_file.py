"""Looks, seeking and resuming on files of many kinds; one real clip against OpenCV."""

import itertools
import resource
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from medgrpo.core import InputError
from medgrpo.video import file as video_file
from medgrpo.video import open_video

CLIPS = Path(__file__).parents[3] / "shared/data/cholec_clips"
STATM = Path("/proc/self/statm")
SEEKABLE: dict[str, dict[str, Any]] = {
    "B-frames": {"name": "a.mp4"},
    "sparse keyframes": {"name": "a.mp4", "options": {"g": "1000", "keyint_min": "1000"}},
    "open groups": {"name": "a.mkv", "options": {"x264-params": "open-gop=1:keyint=30:min-keyint=30:bframes=5:b-adapt=0"}},
    "starts late": {"name": "a.mkv", "ticks": range(1000, 1300)},
    "transport stream": {"name": "a.ts", "options": {"g": "30"}},
    "mpeg2 stream": {"name": "a.ts", "codec": "mpeg2video", "options": {"bf": "2", "b": "400000"}},
    "avi": {"name": "a.avi", "options": {"g": "30"}},
    "raw": {"name": "a.h264"},
    "interlaced": {"name": "a.ts", "codec": "mpeg2video", "options": {"flags": "+ilme+ildct"}},
    "variable rate": {"name": "a.mkv", "ticks": [n * 33 + 400 * (n // 50) for n in range(300)], "time_base": Fraction(1, 1000)},
}


@pytest.fixture(params=SEEKABLE, scope="module")
def film(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, make: SimpleNamespace
) -> tuple[Path, list[float]]:
    """300 frames (12 s), each with a level of its own within ten, and their times."""
    options = dict(SEEKABLE[request.param])
    ticks, base = options.get("ticks", range(300)), options.get("time_base", Fraction(1, 25))
    path = make.video(tmp_path_factory.mktemp("film") / options.pop("name"), 300, **options)
    return path, [float((tick - ticks[0]) * base) for tick in ticks]


def test_every_frame_has_its_own_time_and_picture(film: tuple[Path, list[float]], make: SimpleNamespace) -> None:
    path, times = film
    with open_video(path) as source:
        for number, frame in enumerate(source.looks(0)):
            assert frame.seconds == pytest.approx(times[number], abs=1e-9)
            assert abs(float(frame.image.mean()) - make.grey(number)) < 6
        assert source.report.frames_decoded == 300


def test_a_pass_that_starts_later_gives_the_same_looks(film: tuple[Path, list[float]]) -> None:
    path, times = film
    with open_video(path) as source:
        for every in (0, 0.7):
            whole = list(source.looks(every))
            for start in (times[1], times[100] + 0.011, times[260], times[-1] + 5):
                later = list(source.looks(every, start))
                expected = [frame for frame in whole if frame.seconds >= start]
                assert [(frame.index, frame.seconds) for frame in later] == [(frame.index, frame.seconds) for frame in expected]
                assert all(np.array_equal(one.image, two.image) for one, two in zip(later, expected, strict=True))


def test_frame_at_gives_what_is_on_screen(film: tuple[Path, list[float]], make: SimpleNamespace) -> None:
    path, times = film
    with open_video(path) as source:
        for number in (0, 49, 50, 150, 226, 299):
            for seconds in (times[number], times[number] + 0.002):
                frame = source.frame_at(seconds)
                assert frame.seconds == pytest.approx(times[number], abs=1e-9)
                assert abs(float(frame.image.mean()) - make.grey(number)) < 6
        assert source.frame_at(10_000).seconds == pytest.approx(times[-1])


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
def test_frame_at_refuses_times_that_are_none(wrong: float, tmp_path: Path, make: SimpleNamespace) -> None:
    with open_video(make.video(tmp_path / "a.mp4")) as source, pytest.raises(InputError):
        source.frame_at(wrong)


def test_seeking_reads_little(tmp_path: Path, make: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Any] = []

    class Watched(video_file.TimedReading):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            passes.append(self)

    monkeypatch.setattr(video_file, "TimedReading", Watched)
    for name in ("a.mp4", "a.mkv", "a.ts", "a.avi"):
        passes.clear()
        with open_video(make.video(tmp_path / name, 750, size=(32, 32), options={"g": "25", "preset": "ultrafast"})) as source:
            assert source.frame_at(25.0).seconds == 25.0
        assert sum(each.frames_decoded for each in passes) < 200, name


def test_info(tmp_path: Path, make: SimpleNamespace) -> None:
    with open_video(make.video(tmp_path / "a.mp4", 50, size=(96, 64))) as source:
        info = source.info
        assert (info.width, info.height, info.codec, info.frame_rate, info.duration_seconds) == (96, 64, "h264", 25, 2.0)
        assert not info.duration_is_estimate
        assert info.rotation_degrees == 0
        assert dict(info.tags)["major_brand"] == "isom"
    with open_video(make.video(tmp_path / "a.ts", 50)) as source:
        assert source.info.duration_seconds == pytest.approx(2.0, abs=0.1)
        assert source.info.duration_is_estimate
    with open_video(make.video(tmp_path / "live.mkv", 50, container_options={"live": "1"})) as source:
        assert source.info.duration_seconds is None
    with open_video(make.video(tmp_path / "late.mkv", ticks=range(500, 510))) as source:
        assert source.info.duration_seconds == pytest.approx(0.4)


def test_report_counts_while_reading_and_stays_after(tmp_path: Path, make: SimpleNamespace) -> None:
    with open_video(make.video(tmp_path / "a.mp4", 50)) as source:
        running = source.looks(0.2)
        next(running)
        assert source.report.frames_decoded >= 1
        assert len(list(running)) == 9
        assert source.report.frames_decoded == 50
    running = source.looks(0)
    next(running)
    source.__exit__(None, None, None)
    assert list(running) == []


def test_broken_packets_are_counted_and_passed_over(tmp_path: Path, make: SimpleNamespace) -> None:
    path = make.video(tmp_path / "a.mkv", 100, codec="ffv1")
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content) // 3 + 400):
        content[place] ^= 0x5A
    path.write_bytes(content)
    with open_video(path) as source:
        times = [frame.seconds for frame in source.looks(0)]
        assert source.report.frames_broken + (100 - len(times)) > 0
        assert times[-1] == pytest.approx(99 / 25)


@pytest.mark.skipif(not CLIPS.is_dir(), reason=f"the real clips are not at {CLIPS}")
@pytest.mark.parametrize("frames", [50, pytest.param(800, marks=pytest.mark.slow)])
def test_real_clip_against_opencv(frames: int) -> None:
    path = CLIPS / "VID05_01858.mp4"
    peer = cv2.VideoCapture(str(path))
    with open_video(path) as source:
        assert peer.get(cv2.CAP_PROP_FRAME_COUNT) == 800 == source.info.duration_seconds * source.info.frame_rate
        for count, frame in enumerate(itertools.islice(source.looks(0), frames)):
            assert peer.grab()
            assert frame.index == count
            assert frame.seconds * 1000 == pytest.approx(peer.get(cv2.CAP_PROP_POS_MSEC), abs=0.5)
            if count % 25 == 0:
                theirs = peer.retrieve()[1][..., ::-1].astype(int)
                assert np.abs(frame.image - theirs).mean() < 1.5
    assert peer.grab() == (frames < 800)


def resident_mb() -> float:
    return int(STATM.read_text().split()[1]) * resource.getpagesize() / 2**20


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="resident memory is read from /proc, which only Linux has")
def test_memory_stays_flat_over_ten_minutes(tmp_path: Path, make: SimpleNamespace) -> None:
    """3,000 looks: pictures that were not given back would be 110 MB."""
    path = make.video(tmp_path / "long.mp4", 15_000, size=(128, 96), options={"preset": "ultrafast", "g": "250"})
    with open_video(path) as source:
        readings = [resident_mb() for frame in source.looks(0.2) if frame.index % 500 == 0]
        assert source.report.frames_decoded == 15_000
    assert len(readings) == 30
    # from the fifth reading on: before it, what other tests of this process left may still be given back
    assert max(readings[4:]) - readings[4] < 30
