import json
from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import DataError
from medgrpo.sources import list_videos, read_video

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "cholect50"
VECTOR = [17, 0, 1.0, 0.25, 0.5, 0.5, 0.25, 1, 0, 1.0, -1.0, -1.0, -1.0, -1.0, 3]


def folder(tmp_path: Path, annotations: object) -> Path:
    (tmp_path / "labels").mkdir()
    (tmp_path / "videos" / "VID01").mkdir(parents=True)
    (tmp_path / "labels" / "VID01.json").write_text(json.dumps({"annotations": annotations}))
    for second in (3, 7, 9):
        (tmp_path / "videos" / "VID01" / f"{second:06d}.jpg").touch()
    return tmp_path


def test_frames_come_in_order_of_time_and_what_is_left_out_is_counted(tmp_path: Path):
    video = read_video(folder(tmp_path, {"7": [VECTOR], "3": [], "11": [VECTOR]}), "VID01")
    assert [frame.seconds for frame in video.frames] == [3, 7]
    assert (video.unlabelled, video.missing_images) == (1, 1)
    assert video.frames[1].instances[0].instrument_box.xyxy == (0.25, 0.5, 0.75, 0.75)


def test_presence_has_a_row_per_frame(tmp_path: Path):
    presence = read_video(folder(tmp_path, {"3": [], "7": [VECTOR]}), "VID01").presence()
    assert presence["triplet"].shape == (2, 100)
    assert np.argwhere(presence["triplet"]).tolist() == [[1, 17]]
    assert np.argwhere(presence["phase"]).tolist() == [[1, 3]]


@pytest.mark.parametrize(
    ("annotations", "word"),
    [
        ({"7": [VECTOR[:14]]}, "second 7: an instance has 15 values, got 14"),
        ({"7": [[100, *VECTOR[1:]]]}, "triplet must be -1 or a whole number in 0..99"),
        ({"seven": [VECTOR]}, "not a CholecT50 label file"),
        ([], "not a CholecT50 label file"),
        ({"8": [VECTOR]}, "no picture belongs to a label"),
    ],
)
def test_a_wrong_label_file_is_named_with_its_fault(tmp_path: Path, annotations: object, word: str):
    with pytest.raises(DataError, match=word):
        read_video(folder(tmp_path, annotations), "VID01")


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path):
    with pytest.raises(DataError, match="holds no CholecT50 video"):
        list_videos(tmp_path)


def test_a_video_that_is_not_there_names_those_that_are(tmp_path: Path):
    with pytest.raises(DataError, match="there are VID01"):
        read_video(folder(tmp_path, {"7": [VECTOR]}), "VID02")


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data set is not beside the project ({DATA})")
def test_the_real_data_set_reads_whole():
    videos = [read_video(DATA, name) for name in list_videos(DATA)]
    assert [(video.name, len(video.frames)) for video in videos] == [("VID70", 164), ("VID73", 160), ("VID74", 441), ("VID75", 120)]
    assert sum(len(frame.instances) for video in videos for frame in video.frames) > 1000
