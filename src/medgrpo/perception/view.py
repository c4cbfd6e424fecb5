"""Can the camera see, and is there blood? Measures of the picture itself; nothing here is learned.

The limits are design values of this project, read off the 885 labelled CholecT50 frames of VID70, 73, 74 and 75 (2026-11-23):
tissue share 0.16 (inside the trocar) .. 1.0, 1st percentile of sharpness 0.030 and 0.019 in the one frame with a fouled lens,
haze above 0.30 only in dense smoke. They are not validated on other cameras.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Box
from medgrpo.perception.observation import View, ViewState
from medgrpo.video import Image, resize

_SAMPLE_WIDTH, _SAMPLE_HEIGHT = 192, 144
_LIT = 0.10  # brightest channel above which a pixel belongs to the picture and not to the black surround
_BLACK_SHARE, _BLACK_BRIGHTNESS = 0.05, 0.05
_OUTSIDE_TISSUE_SHARE = 0.12
_BLURRED_SHARPNESS = 0.024
_OBSCURED_HAZE = 0.30

_WORDS = {
    ViewState.BLACK: "the picture is black (image measure)",
    ViewState.OUTSIDE: "the camera is outside the body, or shows no tissue (image measure)",
    ViewState.BLURRED: "the picture is blurred (image measure)",
    ViewState.OBSCURED: "smoke or a fouled lens veils the picture (image measure)",
}


def view_words(state: ViewState) -> str | None:
    """Why nothing can be assessed in such a view, in words; None for a clear view inside the body."""
    return _WORDS.get(state)


def measure_view(image: Image, circle: Box) -> View:
    """Measure one picture inside the endoscope's circle. Shapes: image (height, width, 3) RGB 0..255."""
    pixels = resize(image, _SAMPLE_WIDTH, _SAMPLE_HEIGHT, circle).astype(np.float32) / 255
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    lit = pixels.max(2) > _LIT
    lit_count = int(lit.sum())
    if lit_count < _BLACK_SHARE * lit.size:
        return View(ViewState.BLACK, float(pixels.mean()), 0.0, 0.0, 0.0)
    luma = (0.299 * red + 0.587 * green + 0.114 * blue).astype(np.float32)
    brightness = float(luma[lit].mean())
    sharpness = _sharpness(luma, lit)
    haze = float(np.percentile(pixels.min(2)[lit], 10))
    tissue = float(((red > 1.08 * green) & (red > 1.15 * blue) & lit).sum()) / lit_count
    blood = float(((red > 0.25) & (green < 0.28 * red) & (blue < 0.32 * red) & lit).sum()) / lit_count
    if brightness < _BLACK_BRIGHTNESS:
        state = ViewState.BLACK
    elif haze > _OBSCURED_HAZE and tissue >= _OUTSIDE_TISSUE_SHARE:
        state = ViewState.OBSCURED
    elif tissue < _OUTSIDE_TISSUE_SHARE:
        state = ViewState.OUTSIDE
    elif sharpness < _BLURRED_SHARPNESS:
        state = ViewState.BLURRED
    else:
        state = ViewState.INSIDE
    return View(state, brightness, sharpness, haze, blood)


def _sharpness(luma: NDArray[np.float32], lit: NDArray[np.bool_]) -> float:
    """Mean absolute Laplacian over the lit part."""
    centre = luma[1:-1, 1:-1]
    laplacian = np.abs(4 * centre - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:])
    inside = laplacian[lit[1:-1, 1:-1]]
    return cast(float, inside.mean().item()) if inside.size else 0.0
