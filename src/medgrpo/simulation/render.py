"""Pixels of any moment: the canvas seen by the camera, instruments over it, smoke, dirt, the endoscope's circle, noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.simulation.canvas import Canvas
from medgrpo.simulation.layers import PIXELS_PER_UNIT, SHAPE
from medgrpo.simulation.motion import Camera, Motion, Pose
from medgrpo.simulation.outside import Outside
from medgrpo.simulation.script import ViewKind
from medgrpo.simulation.stamp import stamp_mask
from medgrpo.simulation.texture import Field, blurred, fractal, smooth, soften, step
from medgrpo.simulation.tools import Look, Picture, Placed
from medgrpo.video import Image


@dataclass(frozen=True, slots=True)
class Optics:
    """The endoscope of one operation: the circle in pixels (radius None: the picture is filled), light and colour balance."""

    centre_xy: tuple[float, float]
    radius_px: float | None
    exposure: float
    falloff: float
    balance: tuple[float, float, float]
    noise: float
    distortion: float

    @classmethod
    def of(cls, rng: np.random.Generator, width: int, height: int) -> Optics:
        kind = rng.random()
        radius = None if kind < 0.12 else height * float(rng.uniform(0.52, 0.66) if kind < 0.75 else rng.uniform(0.47, 0.51))
        red, green, blue = (float(v) for v in np.array([1.03, 1.0, 0.98]) + rng.normal(0, 0.022, 3))
        return cls(
            (width / 2 + float(rng.normal(0, 0.012)) * width, height / 2 + float(rng.normal(0, 0.01)) * height), radius,
            float(rng.uniform(0.95, 1.3)), float(rng.uniform(0.55, 0.95)), (red, green, blue),
            float(rng.uniform(1.5, 4.0)), float(rng.uniform(0.0, 0.10)),
        )  # fmt: skip


class Renderer:
    """Draws moments of one operation in any order; two calls for one moment give equal pixels."""

    def __init__(
        self,
        motion: Motion,
        canvas: Canvas,
        optics: Optics,
        looks: dict[str, Look],
        size_wh: tuple[int, int],
        rng: np.random.Generator,
    ) -> None:
        self.motion, self.canvas, self.optics, self.looks = motion, canvas, optics, looks
        self.width, self.height = size_wh
        width, height = size_wh
        cx, cy = optics.centre_xy
        x = ((np.arange(width, dtype=np.float32) - cx) / height)[None, :]
        y = ((np.arange(height, dtype=np.float32) - cy) / height)[:, None]
        square = x * x + y * y
        bend = 1.0 + optics.distortion * square
        self._x, self._y = (x * bend).astype(np.float32), (y * bend).astype(np.float32)
        light = optics.exposure * (1.12 - optics.falloff * square / 0.55)
        self._light = np.clip(light, 0.18, None).astype(np.float32)
        self._shine = (np.clip(1.25 - 2.2 * square, 0.25, 1.1) / 255.0).astype(np.float32)
        self._circle = self._circle_mask()
        surround = rng.uniform(2, 9, 3) * np.array([1.3, 0.8, 0.8])
        self._around = ((1.0 - self._circle) * surround[:, None, None] + stamp_mask(width, height)).astype(np.float32)
        self._grain = rng.normal(0, optics.noise, (3, height + 64, width + 64)).astype(np.float32)
        self._wisps = np.clip(0.72 + 0.20 * smooth(rng, (512, 512), 70.0) + 0.05 * fractal(rng, (512, 512), 24.0, 2.8), 0, 1.3)
        self._smears = step(soften(fractal(rng, (height, width), height / 8, 2.6), 2), 0.0, 1.7)
        self._outside = Outside(rng, width, height)

    def picture(self, seconds: float, *, instruments: bool = True) -> Image:
        """The picture at that moment; `instruments=False` leaves them out (to find their pixels)."""
        view, lost = self.motion.view(seconds), self.motion.lost(seconds)
        if view is ViewKind.BLACK:
            img = np.full((3, self.height, self.width), 3.0, np.float32)
            return self._finish(img, seconds)
        if view is ViewKind.OUTSIDE and lost is not None:
            img = self._outside.trocar(seconds) if lost.in_trocar else self._outside.theatre(seconds)
            return self._finish(img, seconds)
        camera = self.motion.camera(seconds)
        poses = self.motion.poses(seconds) if instruments else []
        img = self._tissue(seconds, camera, self.motion.poses(seconds))
        for placed in (self.place(pose, camera) for pose in poses):
            placed.draw(img, 0.95 * self.optics.exposure)
        self._smoke(img, seconds)
        self._dirt(img, 1.0 if lost is not None and view is ViewKind.OBSCURED else self.motion.fouling(seconds))
        if self.motion.defocus(seconds) > 0:
            img = blurred(img, max(3, self.height // 60))
        return self._finish(img, seconds)

    def place(self, pose: Pose, camera: Camera) -> Placed:
        """Where in the picture an instrument is drawn."""
        x, y = self.screen(pose.tip_xy, camera)
        px, py = self.screen((pose.tip_xy[0] + pose.port_xy[0], pose.tip_xy[1] + pose.port_xy[1]), camera)
        length = math.hypot(x - px, y - py)
        along = ((x - px) / length, (y - py) / length)
        look = self.looks[pose.instrument]
        unit = look.length * self.height / camera.span
        return Placed(pose.instrument, (x - unit * along[0], y - unit * along[1]), along, unit, pose.opening, look)

    def screen(self, point: tuple[float, float], camera: Camera) -> tuple[float, float]:
        """World to pixels (the lens's small distortion left out)."""
        dx, dy = (point[0] - camera.centre_xy[0]) / camera.span, (point[1] - camera.centre_xy[1]) / camera.span
        c, s = math.cos(camera.angle), math.sin(camera.angle)
        cx, cy = self.optics.centre_xy
        return cx + self.height * (c * dx + s * dy), cy + self.height * (c * dy - s * dx)

    def visible_box(self, placed: Placed) -> tuple[float, float, float, float] | None:
        """The rectangle round the visible part of the working tip, in pixels; None when less than a quarter of it is seen."""
        x, y, r = placed.tip_points()
        cx, cy = self.optics.centre_xy
        limit = math.inf if self.optics.radius_px is None else self.optics.radius_px
        seen = (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height) & (np.hypot(x - cx, y - cy) < limit)
        if seen.mean() < 0.25:
            return None
        x, y, r = x[seen], y[seen], r[seen]
        left, top = max(0.0, cx - limit, float((x - r).min())), max(0.0, cy - limit, float((y - r).min()))
        right = min(float(self.width), cx + limit, float((x + r).max()))
        bottom = min(float(self.height), cy + limit, float((y + r).max()))
        return (left, top, right, bottom) if right - left >= 3 and bottom - top >= 3 else None

    def blood_fraction(self, seconds: float) -> float:
        """Share of the endoscope's circle that shows pooled blood, on a grid of every eighth pixel; instruments do not hide it."""
        state = self.motion.site(seconds)
        if state.blood <= 0.0:
            return 0.0
        u, v = self._look(self.motion.camera(seconds), slice(None, None, 8))
        rows = np.clip(v, 0, SHAPE[0] - 1).astype(np.int32)
        columns = np.clip(u, 0, SHAPE[1] - 1).astype(np.int32)
        inside = self._circle[::8, ::8] > 0.5
        return float(np.mean(self.canvas.bloody(state, rows, columns)[inside]))

    def _look(self, camera: Camera, every: slice) -> tuple[Field, Field]:
        x, y = self._x[every, every], self._y[every, every]
        c = np.float32(math.cos(camera.angle) * camera.span * PIXELS_PER_UNIT)
        s = np.float32(math.sin(camera.angle) * camera.span * PIXELS_PER_UNIT)
        u = c * x - s * y + np.float32(camera.centre_xy[0] * PIXELS_PER_UNIT)
        v = s * x + c * y + np.float32(camera.centre_xy[1] * PIXELS_PER_UNIT)
        return u, v

    def _tissue(self, seconds: float, camera: Camera, poses: list[Pose]) -> Picture:
        canvas = self.canvas.pixels(self.motion.site(seconds))
        u, v = self._look(camera, slice(None))
        for pose in poses:
            if pose.pull_xy != (0.0, 0.0):
                self._pull(u, v, pose, camera)
        np.abs(u, out=u)
        np.abs(v, out=v)
        np.minimum(u, 2.0 * (SHAPE[1] - 1) - u, out=u)  # beyond the edge the scene is mirrored
        np.minimum(v, 2.0 * (SHAPE[0] - 1) - v, out=v)
        pixels = canvas.reshape(-1)
        index = v.astype(np.int32)
        index *= SHAPE[1]
        index += u.astype(np.int32)
        raw = _average(np.take(pixels, index, mode="clip"), np.take(pixels, index + (SHAPE[1] + 1), mode="clip"))
        img = np.empty((3, self.height, self.width), np.float32)
        gleam = raw[..., 3].astype(np.float32)
        gleam *= self._shine
        for plane, source, balance, white in zip(img, range(3), self.optics.balance, (235.0, 232.0, 226.0), strict=True):
            np.multiply(raw[..., source], self._light, out=plane)
            plane *= np.float32(balance)
            plane += gleam * np.float32(white)
        return img

    def _pull(self, u: Field, v: Field, pose: Pose, camera: Camera) -> None:
        """Drags the tissue round a tip along, less and less with distance."""
        x, y = self.screen(pose.tip_xy, camera)
        reach = int(0.20 * self.height / camera.span)
        rows = slice(max(0, int(y) - reach), max(0, min(self.height, int(y) + reach)))
        columns = slice(max(0, int(x) - reach), max(0, min(self.width, int(x) + reach)))
        part_u, part_v = u[rows, columns], v[rows, columns]
        if part_u.size == 0:
            return
        dx = part_u - np.float32(pose.tip_xy[0] * PIXELS_PER_UNIT)
        dy = part_v - np.float32(pose.tip_xy[1] * PIXELS_PER_UNIT)
        near = np.clip(1.0 - (dx * dx + dy * dy) * np.float32(1 / (0.15 * PIXELS_PER_UNIT) ** 2), 0.0, 1.0)
        near *= near
        part_u -= near * np.float32(pose.pull_xy[0] * PIXELS_PER_UNIT)
        part_v -= near * np.float32(pose.pull_xy[1] * PIXELS_PER_UNIT)

    def _smoke(self, img: Picture, seconds: float) -> None:
        level = self.motion.smoke(seconds)
        if level < 0.03:
            return
        scale = 380.0 / self.height
        rows = ((np.arange(self.height) * scale + 60 * seconds).astype(np.int32)) % 512
        columns = ((np.arange(self.width) * scale + 22 * seconds + 9 * math.sin(seconds)).astype(np.int32)) % 512
        veil = self._wisps[rows[:, None], columns[None, :]] * np.float32(min(0.85, 0.85 * level))
        for plane, grey in zip(img, (176.0, 172.0, 174.0), strict=True):
            plane += veil * (np.float32(grey * self.optics.exposure) - plane)

    def _dirt(self, img: Picture, level: float) -> None:
        if level <= 0.01:
            return
        soft = blurred(img, max(2, self.height // 36))
        share = np.clip(0.4 * level + self._smears * level * 1.25, 0.9 if level > 0.95 else 0.0, 1.0)
        for plane, faint, grey in zip(img, soft, (176.0, 142.0, 136.0), strict=True):
            plane += share * (0.62 * faint + np.float32(0.38 * grey * self.optics.exposure) - plane)

    def _circle_mask(self) -> NDArray[np.float32]:
        if self.optics.radius_px is None:
            return np.ones((self.height, self.width), np.float32)
        cx, cy = self.optics.centre_xy
        distance = np.hypot(np.arange(self.width)[None, :] - cx, np.arange(self.height)[:, None] - cy)
        softness = max(1.5, self.height / 140)
        return np.clip(0.5 + (self.optics.radius_px - distance) / softness, 0, 1).astype(np.float32)

    def _finish(self, img: Picture, seconds: float) -> Image:
        img *= self._circle
        img += self._around
        frame = round(seconds * 1000)
        dy, dx = (frame * 7919) % 64, (frame * 104729) % 64
        img += self._grain[:, dy : dy + self.height, dx : dx + self.width]
        np.clip(img, 0, 255, out=img)
        out = np.empty((self.height, self.width, 3), np.uint8)
        for channel in range(3):
            out[..., channel] = img[channel]
        return out


def _average(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Mean of two packed pictures, byte by byte without carries: shape (height, width, 4). Two taps a pixel calm moving detail."""
    low_bits = np.uint32(0xFEFEFEFE)
    mean = (one & other) + (((one ^ other) & low_bits) >> np.uint32(1))
    return mean.view(np.uint8).reshape(*one.shape, 4)
