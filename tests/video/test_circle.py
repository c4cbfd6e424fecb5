"""The endoscope's circle on drawn pictures."""

import numpy as np
import pytest

from medgrpo.core import Box
from medgrpo.video import endoscope_circle

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def disc(
    surround: tuple[int, int, int], noise: int = 0, radius: float = 220, centre: tuple[float, float] = (427, 240)
) -> np.ndarray:
    rows, columns = np.mgrid[:480, :854]
    image = np.full((480, 854, 3), surround, np.int16)
    image[(columns - centre[0]) ** 2 + (rows - centre[1]) ** 2 < radius**2] = (150, 70, 60)
    image += np.random.default_rng(0).integers(-noise, noise + 1, image.shape, dtype=np.int16)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("surround", "noise"), [((0, 0, 0), 0), ((20, 3, 3), 5), ((12, 2, 2), 12), ((0, 0, 0), 25)])
def test_disc_in_a_dark_surround(surround: tuple[int, int, int], noise: int) -> None:
    box = endoscope_circle(disc(surround, noise))
    # the outermost rows and columns of a disc are too short to count: up to 8 % of the other side's chord
    assert box.xyxy == pytest.approx((207 / 854, 20 / 480, 647 / 854, 460 / 480), abs=0.015)


def test_caption_outside_the_circle_does_not_count() -> None:
    image = disc((0, 0, 0))
    image[5:20, 700:840] = 255
    assert endoscope_circle(image).x1 < 0.78


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((480, 854, 3), np.uint8),
        np.full((480, 854, 3), 120, np.uint8),
        disc((0, 0, 0), radius=60),
        np.zeros((1, 1, 3), np.uint8),
    ],
    ids=["black", "no surround", "too small", "one pixel"],
)
def test_whole_picture(image: np.ndarray) -> None:
    assert endoscope_circle(image) == WHOLE
