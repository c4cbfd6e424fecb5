"""Bicubic scaling with the filter widened where a picture shrinks: what Qwen's models saw in training.

Pillow's `resize(..., BICUBIC)` to the last level (Keys' kernel with a = -1/2, weights in 22 fixed bits, columns first, rounded to
eight bits between the passes), without Pillow: a model reads pictures scaled in another way a little worse, and says nothing of it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import InputError
from medgrpo.video.frame import Image

_BITS = 22
_BLOCK = 8  # output positions that share one small matrix product


def scale_bicubic(image: Image, width: int, height: int) -> Image:
    """The picture as (height, width, 3)."""
    if width < 1 or height < 1:
        raise InputError(f"cannot scale a picture to {width}x{height}: width and height must be 1 or more")
    if image.shape[1] != width:
        image = _along_columns(image, width)
    if image.shape[0] != height:
        image = _along_columns(image.transpose(1, 0, 2), height).transpose(1, 0, 2)
    return np.ascontiguousarray(image)


def _along_columns(image: Image, width: int) -> Image:
    columns = np.ascontiguousarray(image.transpose(1, 0, 2)).reshape(image.shape[1], -1).astype(np.float64)
    scaled = np.empty((width, columns.shape[1]), dtype=np.float64)
    for first, start, weights in _blocks(image.shape[1], width):
        # whole numbers below 2^53 throughout, so that the product is exact in any order of summing
        np.matmul(weights, columns[start : start + weights.shape[1]], out=scaled[first : first + weights.shape[0]])
    scaled += 1 << (_BITS - 1)
    scaled *= 2.0**-_BITS
    levels = np.clip(np.floor(scaled, out=scaled), 0, 255, out=scaled).astype(np.uint8)
    return cast(Image, levels.reshape(width, image.shape[0], 3).transpose(1, 0, 2))


@lru_cache(maxsize=64)
def _blocks(source: int, target: int) -> tuple[tuple[int, int, NDArray[np.float64]], ...]:
    """(first output, first input, weights (outputs, inputs) as whole numbers of 2^-22) for stretches of neighbouring outputs."""
    rows = [_weights(source, target, place) for place in range(target)]
    blocks: list[tuple[int, int, NDArray[np.float64]]] = []
    for first in range(0, target, _BLOCK):
        chosen = rows[first : first + _BLOCK]
        start, stop = chosen[0][0], max(begin + len(row) for begin, row in chosen)
        weights = np.zeros((len(chosen), stop - start))
        for place, (begin, row) in enumerate(chosen):
            weights[place, begin - start : begin - start + len(row)] = row
        blocks.append((first, start, weights))
    return tuple(blocks)


def _weights(source: int, target: int, place: int) -> tuple[int, NDArray[np.float64]]:
    scale = source / target
    widening = max(scale, 1.0)
    centre = (place + 0.5) * scale
    begin = max(0, int(centre - 2 * widening + 0.5))
    end = min(source, int(centre + 2 * widening + 0.5))
    row = np.array([_kernel((one - centre + 0.5) / widening) for one in range(begin, end)])
    row /= math.fsum(row)
    return begin, np.trunc(row * (1 << _BITS) + np.copysign(0.5, row))


def _kernel(distance: float) -> float:
    distance = abs(distance)
    if distance < 1:
        return (1.5 * distance - 2.5) * distance * distance + 1
    return (((distance - 5) * distance + 8) * distance - 4) * -0.5 if distance < 2 else 0.0
