"""Thin marks in a picture: strokes brighter or darker than what surrounds them, as letters are and little in an operation is.

A stroke is what a morphological opening (or closing) with a square of STROKE pixels takes away. Everything is done on bytes, in
passes over the flat picture, so that it costs a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.video import Image

STROKE = 8
"""Pixels: strokes up to one less are found at full scale, up to twice that at half scale."""
CELL = 8
"""Pixels of a cell's side: what is counted, is counted by cells."""
Plane = NDArray[np.uint8]
Counts = NDArray[np.uint16]
_Extremum = Callable[..., Any]


def stroke_masks(image: Image, contrast: int) -> dict[str, Plane]:
    """By name, 0 or 1 for each pixel: strokes of at least that contrast, bright and dark ones, in the brightest and in the darkest
    channel (white letters stand out in the darkest one, coloured ones in the brightest), at full and half scale (name "2...")."""
    found: dict[str, Plane] = {}
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    for name, choose in (("brightest", np.maximum), ("darkest", np.minimum)):
        plane = choose(choose(red, green), blue)
        for scale in (1, 2):
            part = plane if scale == 1 else _halved(plane)
            found[f"{scale} bright in {name}"] = _top_hat(part, contrast, np.minimum, np.maximum)
            found[f"{scale} dark in {name}"] = _top_hat(part, contrast, np.maximum, np.minimum)
    return found


def counted(mask: Plane) -> Counts:
    """Set pixels of each cell; cells at the right and lower edge may be partly outside."""
    height, width = mask.shape
    rows, columns = -(-height // CELL), -(-width // CELL)
    if (rows * CELL, columns * CELL) != (height, width):
        whole = np.zeros((rows * CELL, columns * CELL), np.uint8)
        whole[:height, :width] = mask
        mask = whole
    return mask.reshape(rows, CELL, columns * CELL).sum(1, dtype=np.uint8).reshape(rows, columns, CELL).sum(2, dtype=np.uint16)


def alternations(mask: Plane) -> Counts:
    """Changes between stroke and no stroke along the rows of each cell: many in a line of text, two in an edge."""
    changes = np.zeros_like(mask)
    np.bitwise_xor(mask[:, 1:], mask[:, :-1], out=changes[:, 1:])
    return counted(changes)


def _top_hat(plane: Plane, contrast: int, first: _Extremum, second: _Extremum) -> Plane:
    width, flat = plane.shape[1], np.ascontiguousarray(plane).ravel()
    opened = _swept(_swept(flat, width, first, ahead=True), width, second, ahead=False)
    opened = first(opened, flat)  # rows run into one another in the flat picture: never more than the picture itself
    difference = flat - opened if first is np.minimum else opened - flat
    return (difference > contrast).view(np.uint8).reshape(plane.shape)


def _swept(flat: Plane, width: int, extremum: _Extremum, *, ahead: bool) -> Plane:
    """The running extremum over STROKE x STROKE pixels ahead of each, or behind it."""
    for step in (1, width):
        done = 1
        while done < STROKE:
            shift = min(done, STROKE - done) * step
            wider = flat.copy()
            if shift < len(flat):
                early, late = flat[:-shift], flat[shift:]
                extremum(early, late, out=wider[:-shift] if ahead else wider[shift:])
            flat, done = wider, done + shift // step
    return flat


def _halved(plane: Plane) -> Plane:
    rows, columns = max(1, plane.shape[0] // 2), max(1, plane.shape[1] // 2)
    wide = plane[: 2 * rows, : 2 * columns].astype(np.uint16)
    if wide.shape != (2 * rows, 2 * columns):
        return plane
    return ((wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2] + 2) >> 2).astype(np.uint8)
