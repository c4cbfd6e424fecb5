"""The drawing board of the worlds: tubes, discs and lines with round shading over a background, then light, grain and the stamp."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Box
from medgrpo.simulation.stamp import stamp_mask
from medgrpo.simulation.texture import Field, step, tube
from medgrpo.simulation.worlds.motion import Point
from medgrpo.video import Image

Rgb = tuple[float, float, float]
Board = NDArray[np.float32]
"""A picture being drawn, float32 of shape (height, width, 3), 0..255."""


class Stage:
    """One picture size. Places are in picture heights, as in `motion`."""

    def __init__(self, width: int, height: int, rng: np.random.Generator, noise: float, light: float) -> None:
        self.width, self.height, self.aspect = width, height, width / height
        self.x: Field = ((np.arange(width, dtype=np.float32) + 0.5) / height)[None, :]
        self.y: Field = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
        self._grain = rng.normal(0, noise, (height + 64, width + 64)).astype(np.float32)
        self._stamp = stamp_mask(width, height)[..., None]
        self._light = np.float32(light)

    def disc(self, board: Board, centre: Point, radius: float, colour: Rgb, softness: float = 0.15) -> None:
        """A ball, lighter towards its middle."""
        depth = 1.0 - np.hypot(self.x - centre[0], self.y - centre[1]) / radius
        self._lay(board, step(depth, 0.0, softness), colour, 0.75 + 0.3 * np.clip(depth, 0, 1))

    def tube(self, board: Board, points: Sequence[Point], radii: Sequence[float], colour: Rgb, gleam: float = 0.5) -> None:
        """A round bar along a polyline, with a bright line along its middle as strong as `gleam`."""
        depth = tube(self.x, self.y, np.array(points, np.float64), np.array(radii, np.float64))
        inside = np.clip(depth, 0, 1)
        shade = 0.55 + 0.5 * np.sqrt(inside) + gleam * 0.5 * inside**6
        self._lay(board, step(depth, 0.0, 0.25), colour, shade)

    def line(self, board: Board, points: Sequence[Point], radius: float, colour: Rgb, share: float = 1.0) -> None:
        """A flat stroke: thread, ink, the lip of a wound; `share` (0..1) of its colour covers what lies below."""
        depth = tube(self.x, self.y, np.array(points, np.float64), np.full(len(points), radius))
        self._lay(board, np.float32(share) * step(depth, 0.0, 0.5), colour, np.float32(1.0))

    def finish(self, board: Board, index: int, mask: Field | None = None) -> Image:
        """To bytes: light, circle where there is one, grain that changes with the frame, the word SIMULATED."""
        board *= self._light
        if mask is not None:
            board *= mask[..., None]
        dy, dx = (index * 7919) % 64, (index * 104729) % 64
        board += self._grain[dy : dy + self.height, dx : dx + self.width, None]
        board += self._stamp
        return np.clip(board, 0, 255).astype(np.uint8)

    def box(self, points: Sequence[Point], margin: float, lens: float = math.inf) -> Box | None:
        """The rectangle round some places, as far as it lies in the picture and within `lens` of its middle; None when less than a
        quarter of it does."""
        middle = 0.5 * self.aspect
        x0, x1 = min(x for x, _ in points) - margin, max(x for x, _ in points) + margin
        y0, y1 = min(y for _, y in points) - margin, max(y for _, y in points) + margin
        whole = (x1 - x0) * (y1 - y0)
        left, right = max(0.0, middle - lens, x0), min(self.aspect, middle + lens, x1)
        top, bottom = max(0.0, 0.5 - lens, y0), min(1.0, 0.5 + lens, y1)
        if right <= left or bottom <= top or (right - left) * (bottom - top) < 0.25 * whole:
            return None
        return Box.clipped(left / self.aspect, top, right / self.aspect, bottom)

    def _lay(self, board: Board, mask: Field, colour: Rgb, shade: Field | np.float32) -> None:
        for channel in range(3):
            plane = board[..., channel]
            plane += mask * (np.float32(colour[channel]) * shade - plane)


def ahead(point: Point, angle: float, distance: float) -> Point:
    """The place `distance` from `point` in the direction `angle`."""
    return (point[0] + distance * math.cos(angle), point[1] + distance * math.sin(angle))


def paint(colour: Rgb, shade: Field) -> Board:
    """A background of one colour, lighter and darker by `shade` of shape (height, width)."""
    return np.stack([np.float32(value) * shade for value in colour], axis=-1).astype(np.float32)
