"""What the camera sees outside the abdomen: the theatre, out of focus, and the trocar's tube on the way in and out."""

from __future__ import annotations

import math

import numpy as np

from medgrpo.simulation.texture import smooth, soften, step
from medgrpo.simulation.tools import Picture


class Outside:
    """Two scenes, painted once larger than the picture and then panned."""

    def __init__(self, rng: np.random.Generator, width: int, height: int) -> None:
        self.width, self.height = width, height
        shape = (height + height // 2, width + width // 2)
        drape = np.array([[60, 128, 140], [70, 110, 160], [96, 140, 120]][int(rng.integers(3))], np.float32)
        folds = smooth(rng, shape, height / 6)
        theatre = np.empty((*shape, 3), np.float32)
        theatre[:] = drape * (0.95 + 0.22 * folds)[..., None]
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) / height
        for _ in range(5):
            cx, cy = rng.uniform(0, shape[1] / height), rng.uniform(0, shape[0] / height)
            turn, long, thin = rng.uniform(0, math.pi), rng.uniform(0.2, 0.7), rng.uniform(0.06, 0.16)
            a = (x - cx) * math.cos(turn) + (y - cy) * math.sin(turn)
            b = (y - cy) * math.cos(turn) - (x - cx) * math.sin(turn)
            colour = np.array(
                [[205, 208, 210], [236, 200, 178], [120, 126, 132], [230, 232, 236]][int(rng.integers(4))], np.float32
            )
            blob = step(1.0 - np.hypot(a / long, b / thin), 0.0, 0.7)
            theatre += blob[..., None] * (colour - theatre)
        lamp = step(1.0 - np.hypot(x - rng.uniform(0.4, 2.0), y - rng.uniform(0.1, 0.6)) / 0.34, 0.0, 0.8)
        theatre += lamp[..., None] * (np.array([255, 253, 246], np.float32) - theatre)
        for channel in range(3):
            theatre[..., channel] = soften(theatre[..., channel], max(2, height // 28))
        self._theatre = theatre
        self._steel = np.array([150, 152, 156], np.float32) * float(rng.uniform(0.75, 1.25))
        self._tissue = np.array([130, 62, 56], np.float32)

    def theatre(self, seconds: float) -> Picture:
        """The room, swinging by."""
        dy = int((0.5 + 0.5 * math.sin(0.9 * seconds)) * (self.height // 2 - 1))
        dx = int((0.5 + 0.5 * math.sin(1.3 * seconds + 1.0)) * (self.width // 2 - 1))
        return np.ascontiguousarray(self._theatre[dy : dy + self.height, dx : dx + self.width].transpose(2, 0, 1))

    def trocar(self, seconds: float) -> Picture:
        """Rings of a bright tube, tissue at its dark far end."""
        sway = 0.07 * math.sin(2.2 * seconds)
        x = ((np.arange(self.width, dtype=np.float32) - self.width / 2) / self.height - sway)[None, :]
        y = ((np.arange(self.height, dtype=np.float32) - self.height / 2) / self.height - 0.6 * sway)[:, None]
        r = np.hypot(x, y)
        tube = 0.35 + 0.9 * step(r, 0.10, 0.62) + 0.045 * np.sin(15.0 / (r + 0.16) + 5.0 * seconds)
        tube += 0.5 * np.exp(-(((x + 0.2 - 0.2 * y) / 0.05) ** 2)) * step(r, 0.15, 0.3)
        img = tube[..., None] * self._steel
        end = step(r, 0.17, 0.13)[..., None]
        img += end * (self._tissue * (0.6 + 0.8 * step(x + y, -0.2, 0.2))[..., None] - img)
        return np.ascontiguousarray(img.transpose(2, 0, 1), dtype=np.float32)
