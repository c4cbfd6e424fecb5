"""Layers of paint on the scene: colour, relief and gloss, with the noise that gives them grain, and the light on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from medgrpo.simulation.anatomy import WORLD_HEIGHT, WORLD_WIDTH
from medgrpo.simulation.texture import Field, Points, fractal, smooth, soften, step, tube, vessels

PIXELS_PER_UNIT = 960
SHAPE = (int(WORLD_HEIGHT * PIXELS_PER_UNIT), int(WORLD_WIDTH * PIXELS_PER_UNIT))
Part = tuple[slice, slice]
Colour = NDArray[np.floating[Any]]
"""RGB 0..255: one colour, shape (3,), or one for every pixel, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """x, y: world coordinates of columns and rows. coarse .. fine, lobes: noise. branches, twigs: vessels, 0..1.

    albedo (height, width, 3), relief (height in pixels) and gloss are painted upon in place.
    """

    x: Field
    y: Field
    coarse: Field
    medium: Field
    fine: Field
    lobes: Field
    branches: Field
    twigs: Field
    albedo: Colour
    relief: Field
    gloss: Field

    @classmethod
    def blank(cls, rng: np.random.Generator) -> Self:
        height, width = SHAPE
        return cls(
            x=(np.arange(width, dtype=np.float32) / PIXELS_PER_UNIT)[None, :],
            y=(np.arange(height, dtype=np.float32) / PIXELS_PER_UNIT)[:, None],
            coarse=smooth(rng, SHAPE, 90.0), medium=smooth(rng, SHAPE, 24.0), fine=fractal(rng, SHAPE, 9.0, 3.0),
            lobes=smooth(rng, SHAPE, 46.0),
            branches=vessels(smooth(rng, SHAPE, 40.0), smooth(rng, SHAPE, 60.0), 0.075, 0.9),
            twigs=vessels(smooth(rng, SHAPE, 17.0), smooth(rng, SHAPE, 40.0), 0.11, 0.8),
            albedo=np.zeros((*SHAPE, 3), np.float32), relief=np.zeros(SHAPE, np.float32), gloss=np.zeros(SHAPE, np.float32),
        )  # fmt: skip

    def view(self, at: Part) -> Self:
        """A rectangle of these layers: painting on it paints on these."""
        names = ("coarse", "medium", "fine", "lobes", "branches", "twigs", "albedo", "relief", "gloss")
        return replace(self, x=self.x[:, at[1]], y=self.y[at[0]], **{name: getattr(self, name)[at] for name in names})

    def copy(self, at: Part) -> Self:
        """A rectangle to paint upon without touching these."""
        part = self.view(at)
        return replace(part, albedo=part.albedo.copy(), relief=part.relief.copy(), gloss=part.gloss.copy())

    def part(self, low_xy: tuple[float, float], high_xy: tuple[float, float]) -> Part:
        """The rectangle between two world points, cut at the edges."""
        left, top = float(self.x[0, 0]), float(self.y[0, 0])
        x0, x1 = (max(low, int((x - left) * PIXELS_PER_UNIT)) for low, x in ((0, low_xy[0]), (1, high_xy[0])))
        y0, y1 = (max(low, int((y - top) * PIXELS_PER_UNIT)) for low, y in ((0, low_xy[1]), (1, high_xy[1])))
        return slice(y0, y1), slice(x0, x1)

    def square(self, middle: tuple[float, float], reach: float) -> Part:
        return self.part((middle[0] - reach, middle[1] - reach), (middle[0] + reach, middle[1] + reach))

    def tube(self, points: Points, radii: NDArray[np.float64], wave: float = 0.0, fuse: float = 0.0) -> tuple[Self, Field]:
        """The rectangle that holds a tube, and the depth in it there (see `texture.tube`); `wave` makes its skin uneven."""
        reach = float(radii.max()) * 1.35 + 0.01
        (x0, y0), (x1, y1) = points.min(axis=0) - reach, points.max(axis=0) + reach
        part = self.view(self.part((float(x0), float(y0)), (float(x1), float(y1))))
        inside = tube(part.x, part.y, points, radii, fuse)
        return part, inside + np.float32(wave) * part.coarse if wave else inside

    def lay(self, mask: Field, colour: Colour, relief: Field | None, gloss: float) -> None:
        """Covers by `mask` (0..1) with a colour, and with a relief and a gloss of its own."""
        mix(self.albedo, mask, colour)
        if relief is not None:
            self.relief[:] += mask * (relief - self.relief)
        self.gloss[:] += mask * (gloss - self.gloss)

    def shadow(self, mask: Field, radius_px: int, strength: float) -> None:
        """Darkens the surroundings of what is about to be laid."""
        dark = 1.0 - strength * soften(mask, radius_px) * (1.0 - mask)
        for channel in range(3):
            self.albedo[..., channel] *= dark

    def light(self, out: NDArray[np.uint8], wetness: float) -> None:
        """Into `out` (height, width, 4): colours in the light of a lens beside the eye, and where wet bumps mirror it."""
        slope_y, slope_x = np.gradient(self.relief)
        length = 1.0 / np.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
        facing = (1.0 + 0.30 * slope_x + 0.55 * slope_y) * length / 1.18
        light = np.clip(0.30 + 0.78 * facing, 0.12, 1.25)
        mirror = np.exp(90.0 * (np.minimum((1.0 + 0.22 * slope_x + 0.36 * slope_y) * length / 1.085, 1.0) - 1.0))
        sheen = mirror * step(self.medium + 0.6 * self.fine, 0.3, 1.8)
        for channel in range(3):
            out[..., channel] = np.clip(self.albedo[..., channel] * light, 0, 255)
        out[..., 3] = np.clip(255.0 * sheen * self.gloss * wetness, 0, 255)


def tinted(colour: Colour, shade: Field) -> Colour:
    """A colour, lighter and darker by `shade`: shape (height, width, 3)."""
    tint = np.empty((*shade.shape, 3), np.float32)
    for channel in range(3):
        np.multiply(shade, colour[channel], out=tint[..., channel])
    return tint


def mix(tint: Colour, share: Field, colour: Colour) -> None:
    """Moves `tint` towards `colour` by `share` (0..1), in place; by channel, since NumPy is slow over a last axis of three."""
    for channel in range(3):
        tint[..., channel] += share * (colour[..., channel] - tint[..., channel])
