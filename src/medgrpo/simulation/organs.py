"""What does not change during the operation: abdominal wall, liver, stomach, omentum."""

from __future__ import annotations

import numpy as np

from medgrpo.simulation.anatomy import Anatomy
from medgrpo.simulation.layers import Colour, Layers, mix, tinted
from medgrpo.simulation.texture import Field, step


def paint_organs(anatomy: Anatomy, on: Layers) -> None:
    """Covers the whole scene, from back to front."""
    colours, x, y = anatomy.colours, on.x, on.y
    on.albedo[:] = tinted(colours["wall"], 1.0 + 0.06 * on.coarse + 0.03 * on.medium)
    mix(on.albedo, 0.5 * on.branches, colours["vessel"] * np.float32(1.2))
    on.relief[:] = 9.0 * on.coarse
    on.gloss[:] = 0.35
    liver = tinted(colours["liver"], 1.0 + 0.05 * on.coarse + 0.035 * on.fine + 0.03 * on.medium)
    bumps = 5.0 * on.coarse + 0.5 * on.medium + 0.12 * on.fine
    hilum = 1.0 - np.hypot((x - 0.75) / 0.34, (y - 0.40) / 0.27) + 0.05 * on.coarse
    _dome(on, hilum, 30.0, tinted(colours["liver_deep"], 1.0 + 0.06 * on.fine), bumps, 0.5)
    left = 1.0 - np.hypot((x - 1.12) / 0.36, (y - 0.30) / 0.30) + 0.03 * on.coarse
    _dome(on, left, 95.0, liver, bumps, 1.0)
    right = 1.0 - np.hypot((x - 0.28) / 0.50, (y - 0.42) / 0.40) + 0.035 * on.coarse
    mask = _dome(on, right, 120.0, liver, bumps, 1.0)
    mix(on.albedo, 0.25 * mask * step(-on.medium, 0.6, 2.2), colours["membrane"])
    stomach = 1.0 - np.hypot((x - 1.02) / 0.30, (y - 0.93) / 0.24) + 0.02 * on.coarse
    mask = _dome(on, stomach, 80.0, tinted(colours["gut"], 1.0 + 0.05 * on.coarse), 3.0 * on.coarse + 0.6 * on.medium, 1.1)
    mix(on.albedo, 0.55 * mask * np.maximum(on.branches, 0.8 * on.twigs), colours["vessel"] * np.float32(1.25))
    _omentum(anatomy, on)


def _dome(on: Layers, inside: Field, height_px: float, colour: Colour, bumps: Field, gloss: float) -> Field:
    """One rounded organ; gives its mask."""
    mask = step(inside, 0.0, 0.022)
    on.shadow(mask, 14, 0.6)
    on.lay(mask, colour, height_px * np.sqrt(np.clip(inside, 0.0, 1.0)) + bumps, gloss)
    return mask


def _omentum(anatomy: Anatomy, on: Layers) -> None:
    """Fat in lobes, higher in a fat patient, with a fold that rises towards the hepatocystic triangle."""
    colours, x, y, fat = anatomy.colours, on.x, on.y, anatomy.fat
    edge = 0.80 - 0.10 * fat + 0.05 * np.sin(5.0 * x + 9 * fat) - 0.16 * np.exp(-(((x - 0.78) / 0.10) ** 2))
    inside = (y - edge) / 0.5 + 0.018 * on.lobes + 0.03 * on.coarse
    folds = np.abs(on.lobes + 0.25 * on.medium)
    tint = tinted(colours["fat_deep"], np.ones_like(folds))
    mix(tint, step(folds, -0.15, 0.5), colours["fat"])
    shade = 1.0 + 0.05 * on.medium + 0.03 * on.fine
    for channel in range(3):
        tint[..., channel] *= shade
    mix(tint, 0.48 * on.twigs + 0.40 * on.branches * (1.0 - on.twigs), colours["vessel"])
    bumps = 8.0 * np.sqrt(folds + 0.08) + 5.0 * on.coarse + 0.9 * on.medium + 0.2 * on.fine
    _dome(on, inside, 55.0, tint, bumps, 0.75)
