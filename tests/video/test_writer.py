"""A written video is whole or not there."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import InputError, VideoError
from medgrpo.video import VideoWriter, open_video

FRAME = np.full((48, 64, 3), (150, 70, 60), np.uint8)


def write(path: Path, rate: Fraction | float = 25) -> None:
    with VideoWriter(path, 64, 48, rate, {"medgrpo_kind": "simulated", "title": "Case 1"}) as writer:
        for _ in range(10):
            writer.write(FRAME)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_written_and_read(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    with open_video(tmp_path / name) as source:
        tags = dict(source.info.tags)
        assert (tags["medgrpo_kind"], tags["title"]) == ("simulated", "Case 1")
        frames = list(source.looks(0))
    assert [frame.seconds for frame in frames] == pytest.approx([number / 25 for number in range(10)])
    assert np.abs(frames[5].image.astype(int) - FRAME).max() <= 4
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_same_input_same_bytes_and_odd_rates(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", Fraction(30000, 1001))
    write(tmp_path / "b.mp4", 30000 / 1001)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    with open_video(tmp_path / "a.mp4") as source:
        assert source.info.frame_rate == Fraction(30000, 1001)


def test_an_error_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"before")

    def interrupted() -> None:
        with VideoWriter(target, 64, 48, 25) as writer:
            writer.write(FRAME)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="even"):
        VideoWriter(tmp_path / "a.mp4", 63, 48, 25)
    with pytest.raises(InputError, match="rate"):
        VideoWriter(tmp_path / "a.mp4", 64, 48, 0)
    with pytest.raises(VideoError, match="cannot be written"):
        VideoWriter(tmp_path / "gone" / "a.mp4", 64, 48, 25)
    with pytest.raises(VideoError, match="cannot be written"):
        VideoWriter(tmp_path / "a.xyz", 64, 48, 25)
    with pytest.raises(InputError, match="shape"), VideoWriter(tmp_path / "b.mp4", 64, 48, 25) as writer:
        writer.write(FRAME[:10])
    assert list(tmp_path.iterdir()) == []
