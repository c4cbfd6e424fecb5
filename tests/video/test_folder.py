"""Image folders: times from where they should come, looks and counts."""

from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import VideoError
from medgrpo.video import encode_jpeg, encode_png, open_image_folder, open_video

CHOLECT50 = Path(__file__).parents[3] / "shared/data/cholect50/videos"


def fill(folder: Path, names: dict[str, int], size: tuple[int, int] = (32, 24)) -> Path:
    for name, level in names.items():
        image = np.full((size[1], size[0], 3), level, np.uint8)
        (folder / name).write_bytes(encode_png(image) if name.lower().endswith("png") else encode_jpeg(image, 95))
    return folder


def test_names_are_seconds_and_the_first_is_not_shifted(tmp_path: Path) -> None:
    with open_video(fill(tmp_path, {"000013.jpg": 10, "000011.PNG": 20, "000020.jpeg": 30})) as source:
        assert [(frame.index, frame.seconds) for frame in source.looks(0)] == [(0, 11.0), (1, 13.0), (2, 20.0)]
        assert source.info.duration_seconds == 20
        assert source.info.frame_rate is None
        assert source.frame_at(0).seconds == 11
        assert source.frame_at(19.9).seconds == 13
        assert source.frame_at(99).seconds == 20


def test_given_times_win(tmp_path: Path) -> None:
    fill(tmp_path, {"1.jpg": 10, "2.jpg": 20, "3.jpg": 30})
    with open_image_folder(tmp_path, {"2.jpg": 0.1, "1.jpg": 0.3}) as source:
        assert [frame.seconds for frame in source.looks(0)] == [0.1, 0.3]
        assert source.report.frames_without_time == 1


def test_looks_skip_broken_pictures_and_read_only_what_is_shown(tmp_path: Path) -> None:
    fill(tmp_path, {f"{second}.png": second for second in range(20)})
    (tmp_path / "10.png").write_bytes(b"broken")
    with open_video(tmp_path) as source:
        whole = [frame.seconds for frame in source.looks(5)]
        assert whole == [0, 5, 11, 15]
        assert (source.report.frames_decoded, source.report.frames_broken) == (4, 1)
        assert [frame.seconds for frame in source.looks(5, 11)] == [11, 15]
        assert [frame.seconds for frame in source.looks(5, 12)] == [15]
        assert source.frame_at(10.5).seconds == 9


def test_other_sizes_are_scaled_to_the_first(tmp_path: Path) -> None:
    fill(tmp_path, {"1.png": 10})
    fill(tmp_path, {"2.png": 20}, size=(64, 64))
    with open_video(tmp_path) as source:
        assert {frame.image.shape for frame in source.looks(0)} == {(24, 32, 3)}


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ({"1.jpg": 1.0, "2.jpg": 1.0}, "same time"),
        ({"1.jpg": float("nan")}, "nan"),
        ({"../1.jpg": 1.0}, "not a file name"),
        ({}, "no times"),
        ({"gone.jpg": 1.0}, "can be read"),
    ],
)
def test_wrong_times(times: dict[str, float], message: str, tmp_path: Path) -> None:
    fill(tmp_path, {"1.jpg": 1, "2.jpg": 2})
    with pytest.raises(VideoError, match=message):
        open_image_folder(tmp_path, times)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,seconds\n1.jpg,x\n", "line 2"),
        ("name,time\n1.jpg,1\n", "line 2"),
        ("file,seconds\n1.jpg,1\n1.jpg,2\n", "line 3"),
        ("", "no times"),
    ],
)
def test_wrong_times_file(text: str, message: str, tmp_path: Path) -> None:
    fill(tmp_path, {"1.jpg": 1})
    (tmp_path / "times.csv").write_text(text)
    with pytest.raises(VideoError, match=message):
        open_video(tmp_path)


@pytest.mark.skipif(not CHOLECT50.is_dir(), reason=f"CholecT50 is not at {CHOLECT50}")
def test_cholect50_folder() -> None:
    with open_video(CHOLECT50 / "VID75") as source:
        assert source.info.width == 810
        assert sum(1 for _ in source.looks(60)) > 5
        assert source.report.frames_broken == 0
