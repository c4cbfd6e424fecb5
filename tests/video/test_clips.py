"""Clips from frame files and from videos: exact times, boxes where they belong, nothing replaced."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import InputError, Span, VideoError
from medgrpo.video import (
    Mark,
    SampledClip,
    Sampling,
    VideoWriter,
    clip_from_frames,
    clip_from_video,
    draw_box,
    encode_png,
    evenly_spaced,
    mapped_path,
    still_from_file,
    still_from_video,
)

SIZES = [(854, 480), (1920, 1080), (640, 480), (480, 854)]


def frames(folder: Path, count: int, width: int = 64, height: int = 48) -> list[Path]:
    paths = [folder / f"{place:03d}.png" for place in range(count)]
    for place, path in enumerate(paths):
        path.write_bytes(encode_png(np.full((height, width, 3), 10 + place, dtype=np.uint8)))
    return paths


def levels(clip: SampledClip) -> list[int]:
    return [int(image[0, 0, 0]) - 10 for image in clip.images]


def test_frames_keep_their_order_and_nominal_times(tmp_path: Path) -> None:
    clip = clip_from_frames(frames(tmp_path, 4), Fraction(1, 2), Sampling())
    assert levels(clip) == [0, 1, 2, 3]
    assert clip.seconds == (0.0, 2.0, 4.0, 6.0)
    assert clip.frames_per_second == Fraction(1, 2)
    assert (clip.source_width, clip.source_height) == (64, 48)
    assert clip.images[0].shape == (84, 112, 3)


def test_known_times_of_a_ragged_list_are_kept(tmp_path: Path) -> None:
    clip = clip_from_frames(frames(tmp_path, 3), Fraction(1), Sampling(), seconds=[0.0, 1.07, 1.9])
    assert clip.seconds == (0.0, 1.07, 1.9)


def test_too_many_frames_leave_an_even_choice_at_a_lower_rate(tmp_path: Path) -> None:
    clip = clip_from_frames(frames(tmp_path, 9), Fraction(2), Sampling(most_frames=3))
    assert levels(clip) == [0, 4, 8]
    assert clip.seconds == (0.0, 2.0, 4.0)
    assert clip.frames_per_second == Fraction(2, 3)


def test_a_marked_frame_is_always_kept(tmp_path: Path) -> None:
    clip = clip_from_frames(frames(tmp_path, 9), Fraction(2), Sampling(most_frames=3), mark=Mark(5, (8, 8, 40, 40)))
    assert levels(clip) == [0, 5, 8]
    green = [(image == (0, 255, 0)).all(axis=2).any() for image in clip.images]
    assert green == [False, True, False]


@pytest.mark.parametrize(
    ("count", "most", "kept", "chosen"), [(3, 5, None, [0, 1, 2]), (10, 4, None, [0, 3, 6, 9]), (10, 1, 7, [7])]
)
def test_even_choices(count: int, most: int, kept: int | None, chosen: list[int]) -> None:
    assert evenly_spaced(count, most, kept) == chosen


def test_an_unreadable_frame_is_named_and_never_replaced(tmp_path: Path) -> None:
    paths = frames(tmp_path, 3)
    paths[1].write_bytes(paths[1].read_bytes()[:40])
    with pytest.raises(VideoError, match=r"001\.png: the picture is damaged"):
        clip_from_frames(paths, Fraction(1), Sampling())
    paths[1].unlink()
    with pytest.raises(VideoError, match=r"001\.png: cannot be read"):
        clip_from_frames(paths, Fraction(1), Sampling())


def test_frames_of_two_sizes_are_no_clip(tmp_path: Path) -> None:
    paths = [*frames(tmp_path, 1), tmp_path / "odd.png"]
    paths[1].write_bytes(encode_png(np.zeros((64, 48, 3), dtype=np.uint8)))
    with pytest.raises(VideoError, match=r"odd\.png: is 48x64, the clip's first 64x48"):
        clip_from_frames(paths, Fraction(1), Sampling())


def test_the_key_is_the_content(tmp_path: Path) -> None:
    paths = frames(tmp_path, 3)
    first = clip_from_frames(paths, Fraction(1), Sampling())
    assert clip_from_frames(paths, Fraction(1), Sampling()).key == first.key
    others = [
        clip_from_frames(paths[:2], Fraction(1), Sampling()),
        clip_from_frames(paths, Fraction(2), Sampling()),
        clip_from_frames(paths, Fraction(1), Sampling(), mark=Mark(0, (1, 1, 20, 20))),
        clip_from_frames(paths, Fraction(1), Sampling(side_multiple=32)),
    ]
    assert len({first.key, *(other.key for other in others)}) == 5


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_box_goes_to_the_scaled_picture_and_back(width: int, height: int) -> None:
    across, down = Sampling().scaled_size(width, height)
    clip = SampledClip.of([np.zeros((down, across, 3), dtype=np.uint8)], [0.0], Fraction(1), width, height)
    for box in np.random.default_rng(0).uniform(0, 1, (50, 2, 2)):
        left, right = sorted(box[0] * width)
        top, bottom = sorted(box[1] * height)
        there = clip.in_pictures((left, top, right, bottom))
        assert max(there[0], there[2]) <= across
        assert max(there[1], there[3]) <= down
        assert clip.in_source(there) == pytest.approx((left, top, right, bottom), abs=1e-9)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_mark_is_drawn_in_the_coordinates_of_the_scaled_picture(tmp_path: Path, width: int, height: int) -> None:
    paths = frames(tmp_path, 1, width, height)
    box = (0.25 * width, 0.5 * height, 0.75 * width, 0.75 * height)
    clip = clip_from_frames(paths, Fraction(1), Sampling(), mark=Mark(0, box))
    green = (clip.images[0] == (0, 255, 0)).all(axis=2)
    rows, columns = np.flatnonzero(green.any(axis=1)), np.flatnonzero(green.any(axis=0))
    drawn = clip.in_source((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    pixel = max(width / green.shape[1], height / green.shape[0])
    assert drawn == pytest.approx(box, abs=pixel / 2 + 1e-9)
    middle = green.shape[0] * 5 // 8, green.shape[1] // 2
    assert not green[middle]


def test_a_box_outside_its_picture_is_refused() -> None:
    with pytest.raises(InputError, match="outside the picture of 252x140"):
        draw_box(np.zeros((140, 252, 3), dtype=np.uint8), (592, 151, 750, 280))


def test_paths_of_a_data_set_are_found_on_this_machine() -> None:
    prefixes = {"/root/data": "/mnt/all", "/root/data/AVOS": "/mnt/avos", "testdata": "/mnt/test"}
    assert mapped_path("/root/data/NurViD/a.jpg", prefixes) == Path("/mnt/all/NurViD/a.jpg")
    assert mapped_path("/root/data/AVOS/a.jpg", prefixes) == Path("/mnt/avos/a.jpg")
    assert mapped_path("testdata/x/a.jpg", prefixes) == Path("/mnt/test/x/a.jpg")
    assert mapped_path("/root/database/a.jpg", prefixes) == Path("/root/database/a.jpg")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 seconds at 10 frames per second; the level rises by 2 with each frame."""
    path = tmp_path_factory.mktemp("clips") / "a.mp4"
    with VideoWriter(path, 64, 48, 10) as writer:
        for place in range(80):
            writer.write(np.full((48, 64, 3), 20 + 2 * place, dtype=np.uint8))
    return path


def test_a_stretch_of_a_video_with_its_own_times(video: Path) -> None:
    clip = clip_from_video(video, Span(2.0, 4.0), 2, Sampling())
    assert clip.seconds == pytest.approx((0.0, 0.5, 1.0, 1.5, 2.0))
    assert [round((int(image[20, 20, 0]) - 20) / 2) for image in clip.images] == pytest.approx([20, 25, 30, 35, 40], abs=1)
    assert clip.frames_per_second == 2


def test_a_long_stretch_is_sampled_at_a_lower_rate(video: Path) -> None:
    clip = clip_from_video(video, Span(0.0, 7.5), 10, Sampling(most_frames=5))
    assert clip.seconds == pytest.approx((0.0, 1.5, 3.0, 4.5, 6.0))
    assert clip.frames_per_second == Fraction(2, 3)


def test_a_stretch_beyond_the_video_is_refused(video: Path) -> None:
    with pytest.raises(VideoError, match=r"ends at 8\.00 s, the clip goes on to 12\.00 s"):
        clip_from_video(video, Span(6.0, 12.0), 2, Sampling())


def test_a_video_that_breaks_off_gives_no_clip(video: Path, tmp_path: Path) -> None:

    cut = tmp_path / "cut.mkv"
    with VideoWriter(cut, 64, 48, 10) as writer:
        for place in range(80):
            writer.write(np.random.default_rng(place).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with pytest.raises(VideoError, match=r"broken|goes on to"):
        clip_from_video(cut, Span(0.0, 7.9), 2, Sampling())


def test_a_still_is_one_picture_without_a_time_under_a_hash_of_its_own(tmp_path: Path) -> None:
    (path,) = frames(tmp_path, 1)
    single = still_from_file(path, Sampling())
    film = clip_from_frames([path], Fraction(1), Sampling())
    assert (single.still, film.still) == (True, False)
    assert (single.seconds, single.source_width, single.source_height) == ((0.0,), 64, 48)
    assert np.array_equal(single.images[0], film.images[0])
    assert single.key != film.key
    assert single.key == still_from_file(path, Sampling()).key
    with pytest.raises(VideoError, match=r"gone\.png"):
        still_from_file(tmp_path / "gone.png", Sampling())


def test_a_stills_box_is_drawn_in_its_own_pixels(tmp_path: Path) -> None:
    (path,) = frames(tmp_path, 1)
    marked = still_from_file(path, Sampling(), (32, 0, 64, 48)).images[0]  # 64x48 becomes 112x84
    green = np.all(marked == (0, 255, 0), axis=2)
    assert (green[0, 56], green[0, 55]) == (True, False)


def test_a_still_of_a_video_is_the_picture_of_its_second_and_never_another(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoWriter(path, 64, 48, Fraction(5)) as writer:
        for place in range(20):
            writer.write(np.full((48, 64, 3), 20 + 10 * place, dtype=np.uint8))

    def place(seconds: float) -> int:
        return round((int(still_from_video(path, seconds, Sampling()).images[0].mean()) - 20) / 10)

    assert [place(seconds) for seconds in (0.0, 1.0, 1.19, 1.2, 3.8)] == [0, 5, 5, 6, 19]
    with pytest.raises(VideoError, match=r"ends at 4\.00 s, before the single picture"):
        still_from_video(path, 4.5, Sampling())


def test_a_still_of_a_folder_whose_picture_is_broken_or_far_away_is_refused(tmp_path: Path) -> None:
    for place, path in enumerate(frames(tmp_path, 5)):
        path.rename(tmp_path / f"{place}.png")
    assert int(still_from_video(tmp_path, 3.0, Sampling()).images[0][0, 0, 0]) == 13
    (tmp_path / "3.png").write_bytes(b"cut")
    with pytest.raises(VideoError, match="the frame of the single picture is broken"):
        still_from_video(tmp_path, 3.0, Sampling())
    (tmp_path / "3.png").unlink()
    (tmp_path / "2.png").unlink()
    with pytest.raises(VideoError, match="shows no picture then"):
        still_from_video(tmp_path, 3.0, Sampling())
