"""What the sources of boxes share: one object followed over a clip -> where it is, and what it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from medgrpo.tasks import PixelBox

LONGEST_TRACK_SECONDS = 60
"""Longer tracks are cut."""
SHORTEST_TRACK_SECONDS = 4
"""Shorter ones are not asked about."""
MOST_BOXES = 6
"""A spatio-temporal answer of MedVidBench holds 5.31 boxes on average."""


@dataclass(frozen=True, slots=True)
class Stops:
    """The boxes asked for as (seconds of the clip, box), from its start on every `stride_seconds`; where none is, none is asked."""

    boxes: tuple[tuple[float, PixelBox], ...]
    stride_seconds: float


def stops(boxes: Mapping[int, PixelBox], numbers_per_second: float) -> Stops | None:
    """Of one object's boxes by frame number, in order. None where fewer than two lie on the grid."""
    numbers = list(boxes)
    seconds = (numbers[-1] - numbers[0]) / numbers_per_second
    period = max(1.0, 1 / numbers_per_second)
    stride = period * max(1, math.ceil(seconds / (MOST_BOXES - 1) / period))
    found: list[tuple[float, PixelBox]] = []
    for number, box in boxes.items():
        time = (number - numbers[0]) / numbers_per_second
        if time % stride == 0:
            found.append((time, box))
    return Stops(tuple(found), stride) if len(found) > 1 else None


def pixel_box(x: float, y: float, width: float, height: float, picture: tuple[float, float], tolerance: float) -> PixelBox:
    """From a corner and a size, all in pixels, cut at the picture's edge and rounded to a hundredth.

    ValueError where it is empty or leaves the picture by more than `tolerance` pixels.
    """
    if not (width > 0 and height > 0):
        raise ValueError(f"an empty box: width {width:g}, height {height:g}")
    right, bottom = picture
    if x < -tolerance or y < -tolerance or x + width > right + tolerance or y + height > bottom + tolerance:
        raise ValueError(f"a box outside the picture: {x:g}, {y:g}, {width:g}, {height:g} in {right:g} x {bottom:g}")
    corners = (max(0.0, x), max(0.0, y), min(right, x + width), min(bottom, y + height))
    return PixelBox(*(round(corner, 2) for corner in corners))
