from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from medgrpo.benchmark import ClipReader, Pictures, blank_clip_of, clip_of, read_rows, rows_of
from medgrpo.core import InputError, VideoError
from medgrpo.sources import BenchmarkRecord, ClipBounds, Region
from medgrpo.tasks import PixelBox
from medgrpo.video import Sampling, VideoWriter

SAMPLING = Sampling(side_multiple=2, least_pixels=16, most_pixels=96 * 64)


def test_listed_frames_are_found_where_they_lie_now_with_their_nominal_times(data: Path, frames: Path) -> None:
    clip = ClipReader(Pictures({"/root/data": str(frames)}), SAMPLING)(read_rows(data)[0])
    assert clip.seconds == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    assert clip.frames_per_second == 1
    assert clip.images[0].shape == (64, 96, 3)


def test_the_regions_box_is_drawn_on_its_frame_alone(data: Path, frames: Path) -> None:
    row = next(row for row in read_rows(data) if row.record.region is not None)
    clip = ClipReader(Pictures({"/root/data": str(frames)}), SAMPLING)(row)
    green = [int(np.all(image == (0, 255, 0), axis=2).sum()) for image in clip.images]
    assert green[2] > 100
    assert green[:2] + green[3:] == [0] * 5
    assert tuple(clip.images[2][20, 26]) == (0, 255, 0)


def test_a_question_without_frames_says_what_to_give(data: Path, making: ModuleType) -> None:
    row = read_rows(data)[0]
    with pytest.raises(VideoError, match=r"/root/data/v0/000\.jpg"):
        ClipReader(Pictures(), SAMPLING)(row)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """`v0.mp4`: 8 s at 5 frames a second, each second brighter than the one before."""
    folder = tmp_path / "videos"
    folder.mkdir()
    with VideoWriter(folder / "v0.mp4", 96, 64, Fraction(5)) as writer:
        for number in range(40):
            writer.write(np.full((64, 96, 3), 20 + 25 * (number // 5), dtype=np.uint8))
    return folder


def record(clip: ClipBounds, region: Region | None = None, video: str = "v0") -> BenchmarkRecord:
    frames = ("a", "b", "c") if region else ()
    return BenchmarkRecord(0, "x", "tal", "AVOS", False, frames, (), video, clip, Fraction(1), "When?", "1.0-2.0 seconds.", region)


@pytest.mark.parametrize(
    "bounds",
    [ClipBounds("input_video_time", "2.0", "5.0"), ClipBounds("input_video_frame", "10", "25"), ClipBounds("frame", "10", "25")],
)
def test_a_video_is_cut_at_the_bounds_in_each_form(videos: Path, bounds: ClipBounds) -> None:
    clip = ClipReader(Pictures(videos=videos), SAMPLING)(rows_of([record(bounds)])[0])
    assert clip.seconds == pytest.approx((0.0, 1.0, 2.0, 3.0))
    assert [round((int(image.mean()) - 20) / 25) for image in clip.images] == [2, 3, 4, 5]


def test_in_a_video_the_box_is_drawn_on_the_picture_of_its_time(videos: Path) -> None:
    asked = record(ClipBounds("input_video_time", "2.0", "5.0"), Region("b", PixelBox(10, 10, 40, 40)))
    clip = ClipReader(Pictures(videos=videos), SAMPLING)(rows_of([asked])[0])
    assert [bool(np.all(image == (0, 255, 0), axis=2).any()) for image in clip.images] == [False, True, False, False]


def test_a_video_that_is_not_there_or_too_short_is_named(videos: Path) -> None:
    reader = ClipReader(Pictures(videos=videos), SAMPLING)
    bounds = ClipBounds("input_video_time", "2.0", "50.0")
    with pytest.raises(VideoError, match=r"v0\.mp4.*ends at 8\.00 s"):
        reader(rows_of([record(bounds)])[0])
    with pytest.raises(VideoError, match="there is no video of that name"):
        reader(rows_of([record(bounds, video="v9")])[0])
    with pytest.raises(InputError, match="lists no frames; give the folder of the videos with --videos"):
        ClipReader(Pictures(), SAMPLING)(rows_of([record(bounds)])[0])


def test_a_region_without_area_fails_its_question_by_name(frames: Path) -> None:
    asked = record(ClipBounds("input_video_time", "0.0", "3.0"), Region("b", PixelBox(10, 10, 10, 40)))
    with pytest.raises(InputError, match="b: the region's box has no area"):
        ClipReader(Pictures({"/root/data": str(frames)}), SAMPLING)(rows_of([asked])[0])


def still(bounds: ClipBounds, frames: tuple[str, ...] = (), region: Region | None = None) -> BenchmarkRecord:
    return replace(record(bounds, region), frames=frames, still=True)


def test_a_single_picture_is_a_still_from_its_file_or_its_place_in_a_video(frames: Path, videos: Path) -> None:
    place = ClipBounds("input_video_time", "3.0", "3.0")
    listed = ("/root/data/v0/003.jpg",)
    marked = still(place, listed, Region(listed[0], PixelBox(10, 10, 40, 40)))
    here = Pictures({"/root/data": str(frames)})
    for asked in (still(place, listed), marked):
        clip = ClipReader(here, SAMPLING)(rows_of([asked])[0])
        assert (clip.still, clip.seconds, clip.images[0].shape) == (True, (0.0,), (64, 96, 3))
        assert bool(np.all(clip.images[0] == (0, 255, 0), axis=2).any()) == (asked.region is not None)
    for bounds, level in ((place, 3), (ClipBounds("frame", "33", "33"), 6), (ClipBounds("input_video_frame", "0", "0"), 0)):
        clip = ClipReader(Pictures(videos=videos), SAMPLING)(rows_of([still(bounds)])[0])
        assert clip.still
        assert round((int(clip.images[0].mean()) - 20) / 25) == level
    with pytest.raises(VideoError, match=r"v0\.mp4.*ends at 8\.00 s, before the single picture"):
        ClipReader(Pictures(videos=videos), SAMPLING)(rows_of([still(ClipBounds("input_video_time", "9", "9"))])[0])


def test_a_still_and_a_clip_of_the_same_picture_are_two_questions_and_two_clips(frames: Path) -> None:
    single = still(ClipBounds("input_video_time", "3.0", "3.0"), ("/root/data/v0/003.jpg",))
    first, second = rows_of([single, replace(single, still=False, index=1)])
    assert first.asked != second.asked
    reader = ClipReader(Pictures({"/root/data": str(frames)}), SAMPLING)
    assert [reader(row).still for row in (first, second, first)] == [True, False, True]
    assert reader(first).key != reader(second).key


def test_blank_stills_have_the_size_of_the_real_ones(frames: Path, videos: Path) -> None:
    place = ClipBounds("input_video_time", "3.0", "3.0")
    for asked, pictures in (
        (still(place, ("/root/data/v0/003.jpg",)), Pictures({"/root/data": str(frames)})),
        (still(place), Pictures(videos=videos)),
    ):
        blank, real = blank_clip_of(asked, pictures, SAMPLING), clip_of(asked, pictures, SAMPLING)
        assert (blank.still, blank.images[0].shape) == (real.still, real.images[0].shape)
