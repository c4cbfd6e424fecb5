"""Burned-in text found: what stays where it is while the scene moves, and what is written like a line of letters.

Told of looks in order. A place is text when strokes stand in the very same pixels for some looks (a name, a date), when it
looks like a line of letters for some looks whatever the letters are (a running clock), or when it does so strongly at once (a
caption that appears). Unsure means text: glints that stand still are taken for it too. What has stood for long is remembered
for longer. No letter is read and nothing is learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medgrpo.core import Config
from medgrpo.stream.strokes import CELL, Plane, alternations, counted, stroke_masks
from medgrpo.video import Image, resize

Cells = NDArray[np.bool_]
_WIDEST = 960
"""A wider picture is looked at scaled down by a whole number."""
_LAST = 250


class TextLimits(Config):
    """Design values, tuned on generated text in four fonts (docs/live.md). Looks are counted that were taken."""

    every_seconds: float = Field(default=0.35, ge=0)
    """Not more often than this."""
    contrast: int = Field(default=50, ge=1, le=254)
    least_pixels: int = Field(default=6, ge=1)
    """Stroke pixels in a cell of 8 x 8."""
    still_looks: int = Field(default=4, ge=1)
    """So long must the same pixels be strokes."""
    line_alternations: int = Field(default=14, ge=1)
    line_looks: int = Field(default=5, ge=1)
    """So often in a row must a cell look like a piece of a line."""
    sudden_alternations: int = Field(default=18, ge=1)
    """In three cells side by side: text at once."""
    kept_looks: int = Field(default=12, ge=1)
    sure_looks: int = Field(default=12, ge=1)
    """What was found so often in a row is kept for `sure_kept_looks`."""
    sure_kept_looks: int = Field(default=75, ge=1)


@dataclass(slots=True)
class _Memory:
    """Of one kind of strokes: for each pixel and each cell, for how many looks in a row."""

    still: Plane
    line: Plane = field(default_factory=lambda: np.zeros((0, 0), np.uint8))


class TextFinder:
    """Stateful: one case. A picture of another size than the one before begins anew."""

    def __init__(self, limits: TextLimits) -> None:
        self._limits = limits
        self._size: tuple[int, int] | None = None
        self._looked = float("-inf")
        self._memory: dict[str, _Memory] = {}
        self._left = np.zeros((0, 0), np.int16)
        self._counted = 0

    def look(self, seconds: float, image: Image) -> None:
        """The picture of that second of the case, as it came."""
        size = (image.shape[0], image.shape[1])
        if size != self._size:
            self._size, self._memory, self._looked = size, {}, float("-inf")
            self._counted = 0
            self._left = np.zeros((0, 0), np.int16)
        if seconds - self._looked < self._limits.every_seconds:
            return
        self._looked = seconds
        self._counted += 1
        height, width = _judged_size(size)
        small = image if (height, width) == size else resize(image, width, height)
        shape = (-(-small.shape[0] // CELL), -(-small.shape[1] // CELL))
        found, sure = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        for name, mask in stroke_masks(small, self._limits.contrast).items():
            now, long = self._judged(name, mask)
            scale = int(name[0])
            found |= _spread(now, scale, shape)
            sure |= _spread(long, scale, shape)
        if not self._left.size:
            self._left = np.zeros(shape, np.int16)
        left = np.maximum(self._left - 1, 0)
        wide = _grown(found)
        left[wide] = np.maximum(left[wide], self._limits.kept_looks)
        left[_grown(sure)] = self._limits.sure_kept_looks
        self._left = left

    @property
    def knows(self) -> bool:
        """Whether it has looked often enough for text that stands, or runs, to have been found."""
        return self._counted >= max(self._limits.still_looks, self._limits.line_looks)

    @property
    def cells(self) -> Cells:
        """Where text is or may be, by cells over the whole picture; of size 0 before the first look."""
        return self._left > 0

    def _judged(self, name: str, mask: Plane) -> tuple[Cells, Cells]:
        limits, memory = self._limits, self._memory.get(name)
        if memory is None:
            memory = self._memory[name] = _Memory(np.zeros(mask.shape, np.uint8))
        _longer(memory.still, mask)
        alternating, enough = alternations(mask), counted(mask) >= limits.least_pixels
        if not memory.line.size:
            memory.line = np.zeros(alternating.shape, np.uint8)
        _longer(memory.line, ((alternating >= limits.line_alternations) & enough).view(np.uint8))
        still = counted((memory.still >= limits.still_looks).view(np.uint8)) >= limits.least_pixels
        long = counted((memory.still >= limits.sure_looks).view(np.uint8)) >= limits.least_pixels
        sudden = _three_in_a_row(alternating >= limits.sudden_alternations)
        return still | sudden | (memory.line >= limits.line_looks), long | (memory.line >= limits.sure_looks)


def blackened(image: Image, cells: Cells) -> Image:
    """The picture with these cells black; the same picture where there are none."""
    if not cells.any():
        return image
    height, width = image.shape[:2]
    judged_height, judged_width = _judged_size((height, width))
    rows = [place * judged_height // (height * CELL) for place in range(height)]
    columns = [place * judged_width // (width * CELL) for place in range(width)]
    return np.where(cells[rows][:, columns][..., None], np.uint8(0), image)


def _judged_size(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width at which a picture of that height and width is looked at."""
    factor = -(-size[1] // _WIDEST)
    return max(1, size[0] // factor), size[1] // factor


def _longer(runs: Plane, mask: Plane) -> None:
    """How long each has been set without a break, in place."""
    np.minimum(runs, _LAST, out=runs)
    runs += 1
    runs *= mask


def _three_in_a_row(cells: Cells) -> Cells:
    found = np.zeros_like(cells)
    three = cells[:, 2:] & cells[:, 1:-1] & cells[:, :-2]
    for shift in range(3):
        found[:, shift : shift + three.shape[1]] |= three
    return found


def _spread(cells: Cells, scale: int, shape: tuple[int, int]) -> Cells:
    """Cells of a smaller picture over those of the whole one."""
    wide = cells.repeat(scale, 0).repeat(scale, 1)[: shape[0], : shape[1]]
    whole = np.zeros(shape, np.bool_)
    whole[: wide.shape[0], : wide.shape[1]] = wide
    return whole


def _grown(cells: Cells) -> Cells:
    """With the cells around them."""
    grown = cells.copy()
    grown[1:] |= cells[:-1]
    grown[:-1] |= cells[1:]
    wide = grown.copy()
    wide[:, 1:] |= grown[:, :-1]
    wide[:, :-1] |= grown[:, 1:]
    return wide
