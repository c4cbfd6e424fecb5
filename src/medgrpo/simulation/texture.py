"""Noise and small field operations from which tissue is painted. Everything is float32 and repeatable from its generator."""

# NumPy's stubs leave padding, cumulative sums and takes untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
"""A scalar picture, float32 of shape (height, width)."""

Points = NDArray[np.float64]
"""A polyline in world units, shape (n, 2)."""


def fractal(rng: np.random.Generator, shape: tuple[int, int], grain_px: float, roughness: float = 1.9) -> Field:
    """Seamless noise of zero mean and unit spread; features of about `grain_px` and finer, weaker ones below.

    `roughness` is the exponent of the amplitude spectrum: 1 is grainy, 3 is smooth.
    """
    height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    cut = 1.0 / grain_px
    amplitude = 1.0 / (1.0 + (frequency / cut) ** 2) ** (roughness / 2)
    amplitude[0, 0] = 0.0
    spectrum = np.fft.rfft2(rng.standard_normal(shape, np.float32)) * amplitude.astype(np.float32)
    field = np.fft.irfft2(spectrum, s=shape)
    return (field / field.std()).astype(np.float32)


def smooth(rng: np.random.Generator, shape: tuple[int, int], grain_px: float) -> Field:
    """Seamless noise without detail below `grain_px` (a Gaussian spectrum), zero mean and unit spread."""
    height, width = shape
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    window = np.exp(-((frequency * grain_px * 1.6) ** 2)).astype(np.float32)
    spectrum = np.fft.rfft2(rng.standard_normal(shape, np.float32)) * window
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=shape)
    return (field / field.std()).astype(np.float32)


def step(field: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high`, a smooth ramp between (`low` > `high` turns it round)."""
    ramp = np.clip((field - low) / (high - low), 0.0, 1.0)
    return (ramp * ramp * (3.0 - 2.0 * ramp)).astype(np.float32)


def ease(share: float) -> float:
    """A smooth 0..1 for a share of the way, held at both ends."""
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


def vessels(field: Field, gate: Field, width: float, amount: float) -> Field:
    """Thin branching lines, 0..1: where `field` crosses zero, shown only where `gate` exceeds 1 - amount."""
    return (np.exp(-((field / width) ** 2)) * step(gate, 1.0 - amount, 1.6 - amount)).astype(np.float32)


def soften(field: Field, radius_px: int) -> Field:
    """Box blur, twice, along both axes; the edge is repeated."""
    for axis in (0, 1, 0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius_px + 1, radius_px)
        total = np.cumsum(np.pad(field, pad, mode="edge"), axis=axis, dtype=np.float64)
        size = 2 * radius_px + 1
        low, high = np.arange(field.shape[axis]), np.arange(field.shape[axis]) + size
        field = ((total.take(high, axis) - total.take(low, axis)) / size).astype(np.float32)
    return field


def blurred(planes: Field, radius: int) -> Field:
    """A cheap wide blur of a picture in planes (3, height, width): block means, grown back by straight interpolation."""
    height, width = planes.shape[1:]
    rows, columns = -(-height // radius), -(-width // radius)
    down = np.minimum(np.arange(rows * radius), height - 1)
    right = np.minimum(np.arange(columns * radius), width - 1)
    small = planes[:, down[:, None], right[None, :]].reshape(3, rows, radius, columns, radius).mean(axis=(2, 4))
    for axis, size, cells in ((1, height, rows), (2, width, columns)):
        at = np.clip((np.arange(size) + 0.5) / radius - 0.5, 0, cells - 1).astype(np.float32)
        low = np.minimum(at.astype(np.int32), max(cells - 2, 0))
        high = np.minimum(low + 1, cells - 1)
        share = (at - low).reshape((1, -1, 1) if axis == 1 else (1, 1, -1)).astype(np.float32)
        small = np.take(small, low, axis) * (1 - share) + np.take(small, high, axis) * share
    return small


def tube(x: Field, y: Field, points: Points, radii: NDArray[np.float64], fuse: float = 0.0) -> Field:
    """How deep a point lies in a tube along a polyline: 1 on its axis, 0 on its skin, down to -1 outside.

    `fuse` above 0 melts the pieces into one another (the larger the sharper), so that a folded sac has no creases.
    """
    left, top = float(x[0, 0]), float(y[0, 0])
    per_unit_x, per_unit_y = (1.0 / max(float(v), 1e-6) for v in (x[0, -1] - left, y[-1, 0] - top))
    width, height = x.shape[1], y.shape[0]
    best = np.full((height, width), np.exp(-fuse) if fuse else -1.0, np.float32)
    for (x0, y0), (x1, y1), r0, r1 in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
        x0, y0, x1, y1, r0, r1 = (float(v) for v in (x0, y0, x1, y1, r0, r1))  # a NumPy double would make every array double
        reach = 2.0 * max(r0, r1)  # from there on the depth is below -1, where nobody looks
        columns = slice(
            max(0, int((min(x0, x1) - reach - left) * per_unit_x * width)),
            max(1, int((max(x0, x1) + reach - left) * per_unit_x * width)),
        )
        rows = slice(
            max(0, int((min(y0, y1) - reach - top) * per_unit_y * height)),
            max(1, int((max(y0, y1) + reach - top) * per_unit_y * height)),
        )
        px, py, part = x[:, columns] - x0, y[rows] - y0, best[rows, columns]
        dx, dy = x1 - x0, y1 - y0
        along = np.clip((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        depth = 1.0 - np.hypot(px - along * dx, py - along * dy) / (r0 + along * (r1 - r0))
        if fuse:
            part += np.exp(np.float32(fuse) * np.maximum(depth, -1.0))
        else:
            np.maximum(part, depth, out=part)
    return (np.log(best) / np.float32(fuse) if fuse else best).astype(np.float32)


def along(points: Points, share: float) -> Points:
    """The point at a share (0..1) of a polyline's length, shape (2,)."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    ends = np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    return np.array([np.interp(share, ends, points[:, 0]), np.interp(share, ends, points[:, 1])])


def finer(points: Points) -> Points:
    """The polyline with its corners rounded (two rounds of corner cutting)."""
    for _ in range(2):
        cut = np.empty((2 * len(points) - 2, 2))
        cut[0::2] = 0.75 * points[:-1] + 0.25 * points[1:]
        cut[1::2] = 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.vstack([points[:1], cut, points[-1:]])
    return points
