"""Six instruments, built of tapered capsules and lit like round bars. Local units: 1 is the tip's length, x points forwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.floating[Any]]
"""A picture being drawn, shape (3, height, width), 0..255: planes, since NumPy is slow over a last axis of three."""

STEEL, DARK, BLACK, CERAMIC, BLUE, GOLD = (
    (168, 172, 178), (96, 98, 102), (34, 34, 38), (214, 208, 196), (70, 104, 196), (176, 160, 128),
)  # fmt: skip
LENGTH = {"grasper": 0.190, "bipolar": 0.165, "hook": 0.120, "scissors": 0.160, "clipper": 0.180, "irrigator": 0.190}
"""The tip's length in world units."""


@dataclass(frozen=True, slots=True)
class Capsule:
    """A bar from (x0, y0) with radius r0 to (x1, y1) with r1; `gleam` is how strongly it mirrors the light."""

    x0: float
    y0: float
    r0: float
    x1: float
    y1: float
    r1: float
    colour: tuple[float, float, float]
    gleam: float = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one maker's instrument looks like in this operation."""

    shaft: tuple[float, float, float]
    gleam: float
    length: float
    rings: bool
    mirror: bool


def looks(rng: np.random.Generator) -> dict[str, Look]:
    """An appearance for each of the six; fixed for one operation."""
    choices = {
        "grasper": (STEEL, DARK, BLACK), "bipolar": (STEEL, DARK), "hook": (STEEL, DARK, BLACK), "scissors": (STEEL, STEEL, DARK),
        "clipper": (STEEL, STEEL, CERAMIC), "irrigator": (STEEL, CERAMIC, STEEL),
    }  # fmt: skip
    made: dict[str, Look] = {}
    for name, colours in choices.items():
        base = np.array(colours[int(rng.integers(len(colours)))]) + rng.normal(0, 6, 3)
        red, green, blue = (float(v) for v in np.clip(base, 10, 240))
        scale = LENGTH[name] * float(rng.uniform(0.85, 1.2))
        made[name] = Look(
            (red, green, blue), float(rng.uniform(0.7, 1.3)), scale, bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        )
    return made


def tip_parts(name: str, opening: float, look: Look) -> list[Capsule]:
    """The working tip, back to front, from the hinge at x = 0 to about x = 1."""
    side = -1.0 if look.mirror else 1.0
    if name == "grasper":
        parts = [Capsule(-0.22, 0, 0.13, 0.04, 0, 0.12, STEEL)]
        for sign in (1, -1):
            angle = sign * (0.05 + 0.42 * opening)
            c, s = math.cos(angle), math.sin(angle)
            y = sign * 0.035
            parts.append(Capsule(0.02, y, 0.085, 0.96 * c, y + 0.96 * s, 0.062, STEEL, 1.3))
            parts.append(Capsule(0.34 * c, y + 0.34 * s, 0.034, 0.80 * c, y + 0.80 * s, 0.026, (52, 44, 44), 0.2))
        return parts
    if name == "bipolar":
        parts = [Capsule(-0.25, 0, 0.15, 0.06, 0, 0.13, BLUE if look.rings else STEEL)]
        for sign in (1, -1):
            bow = sign * (0.09 + 0.20 * opening)
            parts.append(Capsule(0.03, sign * 0.045, 0.078, 0.48, sign * 0.05 + bow, 0.062, BLUE))
            parts.append(Capsule(0.48, sign * 0.05 + bow, 0.050, 0.97, sign * 0.022 + 0.55 * bow, 0.034, STEEL, 1.3))
        return parts
    if name == "hook":
        return [
            Capsule(-0.75, 0, 0.27, 0.02, 0, 0.15, CERAMIC, 0.7),
            Capsule(0.0, 0, 0.070, 0.62, 0.02 * side, 0.060, GOLD),
            Capsule(0.62, 0.02 * side, 0.060, 0.70, 0.44 * side, 0.052, GOLD, 1.4),
        ]
    if name == "scissors":
        parts = [Capsule(-0.22, 0, 0.14, 0.10, 0, 0.12, STEEL), Capsule(0.06, 0, 0.05, 0.06, 0, 0.05, DARK, 1.5)]
        for sign in (1, -1):
            angle = sign * (0.03 + 0.40 * opening)
            c, s = math.cos(angle), math.sin(angle)
            bend = 0.07 * side
            parts.append(Capsule(0.05, 0, 0.088, 0.52 * c - bend * s, 0.52 * s + bend * c, 0.066, (150, 152, 158), 1.3))
            parts.append(
                Capsule(0.52 * c - bend * s, 0.52 * s + bend * c, 0.066, 0.98 * c, 0.98 * s + 0.02 * side, 0.014, STEEL, 1.5)
            )
        return parts
    if name == "clipper":
        parts = [Capsule(-0.35, 0, 0.20, 0.05, 0, 0.19, STEEL, 1.2)]
        for sign in (1, -1):
            gap = sign * (0.105 + 0.10 * opening)
            parts.append(Capsule(0.02, sign * 0.10, 0.095, 0.45, gap, 0.082, STEEL, 1.2))
            parts.append(Capsule(0.45, gap, 0.082, 0.96, gap * 0.86, 0.064, (186, 190, 196), 1.5))
            parts.append(Capsule(0.55, gap * 0.62, 0.022, 0.92, gap * 0.52, 0.022, (226, 228, 232), 1.6))
        return parts
    parts = [Capsule(-0.1, 0, 0.15, 0.93, 0, 0.14, look.shaft, look.gleam)]
    for x, y in ((0.55, 0.05), (0.70, -0.05), (0.78, 0.06), (0.88, -0.02)):
        parts.append(Capsule(x, y, 0.030, x + 0.04, y, 0.030, (24, 18, 18), 0.0))
    parts.append(Capsule(0.985, 0, 0.055, 1.0, 0, 0.055, (30, 20, 20), 0.0))
    return parts


@dataclass(frozen=True, slots=True)
class Placed:
    """An instrument in the picture: hinge and direction in pixels, `unit` pixels per local unit."""

    name: str
    hinge_xy: tuple[float, float]
    along_xy: tuple[float, float]
    unit: float
    opening: float
    look: Look

    def tip_points(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Points along the working tip's bars: x, y and radius there, in pixels. A hook's insulated part is shaft, not tip."""
        points = list[tuple[float, float, float]]()
        for part in tip_parts(self.name, self.opening, self.look):
            for share in np.linspace(0.0, 1.0, 7):
                x, y = part.x0 + share * (part.x1 - part.x0), part.y0 + share * (part.y1 - part.y0)
                if x >= -0.35:
                    points.append((x, y, part.r0 + share * (part.r1 - part.r0)))
        x, y, r = np.array(points).T
        (hx, hy), (ax, ay) = self.hinge_xy, self.along_xy
        return hx + self.unit * (x * ax - y * ay), hy + self.unit * (x * ay + y * ax), r * self.unit

    def draw(self, picture: Picture, light: float) -> None:
        """Shadow on the tissue, shaft, then tip."""
        shaft = self._shaft()
        offset = 0.16 * self.unit
        for part in (*shaft, *tip_parts(self.name, self.opening, self.look)[:3]):
            _shade(picture, self, part, (0.35 * offset, offset), 0.30 * self.unit)
        for part in (*shaft, *tip_parts(self.name, self.opening, self.look)):
            _bar(picture, self, part, light)

    def _shaft(self) -> list[Capsule]:
        """From beyond the edge of the picture to the hinge, thicker towards the eye."""
        width = {"clipper": 0.23, "irrigator": 0.15, "hook": 0.28, "bipolar": 0.20}.get(self.name, 0.18)
        colour, gleam = self.look.shaft, self.look.gleam
        start = -0.70 if self.name == "hook" else -0.15
        parts = [Capsule(-9.0, 0, width * 2.6, start, 0, width, colour, gleam)]
        if self.look.rings:
            for x in (-0.75, -1.05):
                if x < start:
                    radius = width * (1 + 1.6 * (x - start) / (-9.0 - start))
                    parts.append(Capsule(x, 0, radius * 1.02, x - 0.06, 0, radius * 1.02, (40, 40, 44), 0.5))
        return parts


def _local(
    picture: Picture, placed: Placed, part: Capsule, margin: float, shift: tuple[float, float]
) -> tuple[tuple[slice, slice], NDArray[np.floating[Any]], NDArray[np.floating[Any]], float] | None:
    """The rectangle that a bar touches, its signed distance and its side (-1..1 across), and the bar's radius scale."""
    (hx, hy), (ax, ay), u = placed.hinge_xy, placed.along_xy, placed.unit
    hx, hy = hx + shift[0], hy + shift[1]
    x0, y0 = hx + u * (part.x0 * ax - part.y0 * ay), hy + u * (part.x0 * ay + part.y0 * ax)
    x1, y1 = hx + u * (part.x1 * ax - part.y1 * ay), hy + u * (part.x1 * ay + part.y1 * ax)
    r0, r1 = part.r0 * u, part.r1 * u
    height, width = picture.shape[1:]
    left, right = int(max(0, min(x0 - r0, x1 - r1) - margin)), int(min(width, max(x0 + r0, x1 + r1) + margin + 1))
    top, bottom = int(max(0, min(y0 - r0, y1 - r1) - margin)), int(min(height, max(y0 + r0, y1 + r1) + margin + 1))
    if left >= right or top >= bottom:
        return None
    x = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(x0)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y0)
    dx, dy = x1 - x0, y1 - y0
    length = max(math.hypot(dx, dy), 1e-3)
    dx, dy = dx / length, dy / length
    run = np.clip(x * np.float32(dx) + y * np.float32(dy), 0.0, length)
    ox, oy = x - run * np.float32(dx), y - run * np.float32(dy)
    radius = np.float32(r0) + run * np.float32((r1 - r0) / length)
    distance = np.sqrt(ox * ox + oy * oy)
    across = (oy * np.float32(dx) - ox * np.float32(dy)) / radius
    return (slice(top, bottom), slice(left, right)), distance - radius, across, (dx if dx >= 0 else -1.0)


def _shade(picture: Picture, placed: Placed, part: Capsule, shift: tuple[float, float], softness: float) -> None:
    local = _local(picture, placed, part, softness, shift)
    if local is None:
        return
    at, distance, _, _ = local
    dark = np.clip(0.5 - distance / softness, 0.0, 1.0)
    picture[:, at[0], at[1]] *= 1.0 - 0.30 * dark


def _bar(picture: Picture, placed: Placed, part: Capsule, light: float) -> None:
    local = _local(picture, placed, part, 1.0, (0.0, 0.0))
    if local is None:
        return
    at, distance, across, facing = local
    alpha = np.clip(0.5 - distance, 0.0, 1.0)
    lit = -across if facing >= 0 else across  # light comes from above
    np.clip(lit, -1.0, 1.0, out=lit)
    body = 0.20 + 0.80 * np.sqrt(1.0 - 0.92 * lit * lit) * (0.72 + 0.28 * lit)
    shine = part.gleam * (np.exp(-(((lit - 0.38) / 0.16) ** 2)) * 105.0 + np.exp(-(((lit + 0.55) / 0.10) ** 2)) * 26.0)
    for plane, colour in zip(picture[:, at[0], at[1]], part.colour, strict=True):
        plane += alpha * (light * (body * colour + shine) - plane)
