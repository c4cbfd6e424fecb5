"""Bicubic scaling is Pillow's, to the last level."""

from __future__ import annotations

import numpy as np
import pytest

from medgrpo.core import InputError
from medgrpo.video import scale_bicubic


@pytest.mark.parametrize(
    ("source", "target"),
    [((854, 480), (252, 140)), ((480, 854), (140, 252)), ((100, 80), (252, 140)), ((333, 77), (56, 28)), ((28, 30), (28, 30))],
)
def test_scaling_is_that_of_pillow(source: tuple[int, int], target: tuple[int, int]) -> None:
    pillow = pytest.importorskip("PIL.Image")
    image = np.random.default_rng(0).integers(0, 256, (source[1], source[0], 3), dtype=np.uint8)
    expected = np.asarray(pillow.fromarray(image).resize(target, pillow.Resampling.BICUBIC))
    np.testing.assert_array_equal(scale_bicubic(image, *target), expected)


def test_an_edge_overshoots_and_is_clipped_to_the_levels() -> None:
    image = np.zeros((1, 8, 3), dtype=np.uint8)
    image[:, 4:] = 255
    assert scale_bicubic(image, 16, 1)[0, :, 0].tolist()[6:10] == [0, 52, 203, 255]


def test_no_size_is_refused() -> None:
    with pytest.raises(InputError, match="0x5"):
        scale_bicubic(np.zeros((2, 2, 3), dtype=np.uint8), 0, 5)
