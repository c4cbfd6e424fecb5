"""Pictures of a case's video leave the review covered as the live ones were: text and the site's regions black, after any jump."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from medgrpo.cases import CaseFolder, read_folder
from medgrpo.console.review.pictures import Pictures, begin_of
from medgrpo.stream import Cover, Privacy, TextLimits
from medgrpo.video import Image, VideoWriter
from tests.cases import made

WIDTH, HEIGHT = 320, 240
NAME = (slice(20, 38), slice(200, 280))
"""Where strokes stand, two thick, as in letters."""


def scene(number: int, named: bool) -> Image:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    wave = 90 + 50 * np.sin((rows + 3 * number) / 23) * np.cos((columns - 2 * number) / 31)
    image = np.stack([wave * 1.4, wave * 0.7, wave * 0.6], 2).astype(np.uint8)
    if named:
        for left in range(NAME[1].start, NAME[1].stop, 14):
            for column in (left, left + 8):
                image[NAME[0], column : column + 2] = 235
    return image


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[CaseFolder, Path]:
    """30 s at 5 pictures a second, the name in all of them; the camera is inside from second 3 on."""
    folder = tmp_path_factory.mktemp("named")
    with VideoWriter(folder / "one.mp4", WIDTH, HEIGHT, 5) as writer:
        for number in range(150):
            writer.write(scene(number, named=True))
    return read_folder(made.analysed(folder / "case", looks=150, video=folder / "one.mp4")), folder / "one.mp4"


@pytest.fixture
def pictures(case: tuple[CaseFolder, Path]) -> Iterator[Pictures]:
    own = Pictures(*case)
    yield own
    own.close()


def pixels(pictures: Pictures, seconds: float, width: int = WIDTH) -> NDArray[np.uint8]:
    shown = pictures.at(seconds, width)
    assert shown is not None
    assert not shown.dimmed
    return np.asarray(Picture.open(io.BytesIO(shown.jpeg)).convert("RGB"))


def test_a_name_is_black_after_a_jump_and_when_reading_on(pictures: Pictures) -> None:
    for seconds in (20.0, 20.2, 24.0, 9.0, 29.0):
        image = pixels(pictures, seconds)
        assert image[NAME].max() < 60, f"at {seconds}"
        assert image[HEIGHT // 2 :, : WIDTH // 2].mean() > 50, "the rest is not black"


def test_a_smaller_and_a_larger_picture_of_one_moment_hide_the_same(pictures: Pictures) -> None:
    half = pixels(pictures, 20.0, WIDTH // 2)
    assert half.shape[1] == WIDTH // 2
    assert half[10:19, 100:140].max() < 60
    assert pixels(pictures, 20.0)[NAME].max() < 60


def test_a_region_that_the_site_named_is_black_and_only_what_it_asks_for(case: tuple[CaseFolder, Path]) -> None:
    folder, video = case
    site = Privacy(masks_xyxy=((0.0, 0.5, 0.25, 1.0),), find_text=False)
    pictures = Pictures(folder, video, site)
    image = pixels(pictures, 20.0)
    pictures.close()
    assert image[HEIGHT // 2 + 2 :, : WIDTH // 4 - 2].max() < 40
    assert image[NAME].max() > 180, "this site says that its pictures hold no text"


@pytest.mark.parametrize("step", [0.1, 0.2, 0.34, 1.0, 2.0, 4.0])
def test_a_jump_begins_early_enough_at_any_rate_of_looks(step: float) -> None:
    moments = [step * place for place in range(200)]
    begin = begin_of(moments, 190, TextLimits())
    assert moments[190] - moments[begin] >= 5.0 - 1e-9
    cover = Cover(Privacy())
    for place in range(begin, 191):
        cover.look(moments[place], scene(place, named=True))
    shown = cover.over(scene(190, named=True), clear=True)
    assert shown[NAME].max() == 0


def test_a_gap_in_the_pictures_and_the_beginning_of_the_case() -> None:
    after_gap = [0.2 * place for place in range(100)] + [60.0, 60.2]
    assert begin_of(after_gap, 101, TextLimits()) <= 100 - 24, "twelve looks at least .35 s apart before the gap"
    assert begin_of(after_gap, 3, TextLimits()) == 0
