"""The surgical site, repainted when its state changes: bed, duct, artery, cover, gallbladder, clips, blood, bag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medgrpo.simulation.anatomy import Anatomy
from medgrpo.simulation.layers import Layers, mix, tinted
from medgrpo.simulation.texture import Field, along, ease, finer, soften, step


@dataclass(frozen=True, slots=True)
class SiteState:
    """What has become of the surgical site; numbers 0..1, rounded so that equal states can be told equal.

    clips: structure and place along it. divided: structures cut through. bag: "", "open" or "full".
    """

    calot_cleared: float = 0.0
    detached: float = 0.0
    clips: tuple[tuple[str, float], ...] = ()
    divided: frozenset[str] = frozenset()
    blood: float = 0.0
    gallbladder: bool = True
    bag: str = ""
    bag_xy: tuple[float, float] = (0.0, 0.0)


CUT_PLACE = {"cystic_duct": 0.42, "cystic_artery": 0.52}
"""Where along duct and artery (0..1) the scissors cut: between the clips."""


def blood_limit(level: float) -> float:
    """Places that blood reaches sooner than this (see `blood_reach`) are covered at that level of bleeding."""
    return 0.34 * level - 0.03


def blood_reach(anatomy: Anatomy, on: Layers) -> Field:
    """How late blood from the triangle arrives at each place: it runs down and pools."""
    x, y = anatomy.calot
    down = np.where(on.y > y + 0.02, 0.62, 1.35).astype(np.float32)
    return np.hypot((on.x - x) * 1.15, down * (on.y - y - 0.02)) + 0.045 * on.coarse + 0.018 * on.medium


def paint_site(anatomy: Anatomy, on: Layers, state: SiteState, reach: Field) -> None:
    """Back to front; `reach` is `blood_reach` on the same rectangle."""
    if state.detached > 0.0:
        _bed(anatomy, on)
    _ducts(anatomy, on, state)
    _cover(anatomy, on, state.calot_cleared)
    if state.gallbladder:
        _gallbladder(anatomy, on, state.detached)
    _clips(anatomy, on, state)
    if blood_limit(state.blood) > -0.02:
        _blood(anatomy, on, blood_limit(state.blood), reach)
    if state.bag:
        _bag(anatomy, on, state.bag == "full", state.bag_xy)


def _bed(a: Anatomy, scene: Layers) -> None:
    """The raw liver bed, charred and oozing."""
    on, inside = scene.tube(a.gallbladder, a.gallbladder_radii * 0.84, 0.05)
    raw = tinted(a.colours["bed"], 1.0 + 0.16 * on.fine + 0.10 * on.medium)
    mix(raw, 0.8 * step(on.medium + 0.5 * on.fine, 0.2, 1.6), a.colours["char"])
    mix(raw, 0.7 * step(-on.medium, 0.8, 1.8), a.colours["blood"])
    on.lay(step(inside, 0.0, 0.12), raw, 2.5 * on.medium + 0.8 * on.fine - 20.0 * np.clip(inside, 0, 1), 0.9)


def _ducts(a: Anatomy, scene: Layers, state: SiteState) -> None:
    parts = (("cystic_artery", a.artery, a.artery_radius, "artery"), ("cystic_duct", a.duct, a.duct_radius, "duct"))
    for name, corners, radius, colour in parts:
        points = finer(corners)
        on, inside = scene.tube(points, np.full(len(points), radius))
        if name in state.divided:
            x, y = (float(v) for v in along(points, CUT_PLACE[name]))
            inside = np.minimum(inside, (np.hypot(on.x - x, on.y - y) - 0.017) / 0.006)
        x, y = (float(v) for v in points[-1])
        mask = step(inside, 0.0, 0.25) * step(np.hypot(on.x - x, on.y - y), 0.0, 0.075)  # it sinks into fat or liver
        on.shadow(mask, 7, 0.75)
        relief = 26.0 * np.sqrt(np.clip(inside, 0, 1)) + 1.5 * on.medium
        on.lay(mask, tinted(a.colours[colour], 1.0 + 0.08 * on.medium + 0.05 * on.fine), relief, 1.0)


def _cover(a: Anatomy, scene: Layers, cleared: float) -> None:
    """Fat and peritoneum over the triangle; ragged islands remain while it is cleared, with blood and char at their edges."""
    spread = 0.125 + 0.06 * a.fat
    on = scene.view(scene.square(a.calot, 1.45 * spread))
    x, y = (on.x - a.calot[0] + 0.01) / spread, (on.y - a.calot[1] - 0.02) / (1.15 * spread)
    inside = 1.0 - np.hypot(x, y) + 0.10 * on.coarse
    around = step(inside, 0.0, 0.25)
    worn = 0.55 * on.medium + 0.35 * on.lobes + 0.45 * on.coarse - (4.6 * cleared - 2.3)
    folds = np.abs(on.lobes)
    tint = tinted(a.colours["membrane"], 1.0 + 0.06 * on.medium + 0.05 * on.fine)
    mix(tint, a.fat * step(folds, 0.1, 0.7), a.colours["fat"])
    mix(tint, 0.6 * on.twigs, a.colours["vessel"])
    if cleared > 0.02:
        tubes = step(on.relief - 12.0 * on.coarse, 16.0, 26.0)
        bare = 0.45 * min(1.0, 5.0 * cleared) * around * (1.0 - tubes)
        on.lay(bare, tinted(a.colours["membrane"] * np.float32(0.62), 1.0 + 0.14 * on.fine + 0.1 * on.medium), None, 1.0)
        edge = np.exp(-((worn / 0.35) ** 2))
        mix(tint, 0.75 * edge * step(on.fine, -0.4, 1.0), a.colours["blood"])
        mix(tint, 0.5 * edge * step(-on.fine, 0.3, 1.2), a.colours["char"])
    mask = around * step(worn, -0.12, 0.18) * (1.0 - 0.9 * ease(1.6 * cleared - 0.6))
    on.shadow(mask, 6, 0.5)
    relief = 24.0 * np.sqrt(np.clip(inside, 0, 1)) + 9.0 * folds + 1.5 * on.medium + 0.45 * on.fine
    on.lay(0.93 * mask, tint, relief, 0.9)


def _gallbladder(a: Anatomy, scene: Layers, detached: float) -> None:
    axis = a.gallbladder_at(detached)
    on, inside = scene.tube(axis, a.gallbladder_radii * (1.0 - 0.12 * min(1.0, 2.0 * detached)), 0.012, fuse=7.0)
    mask = step(inside, 0.0, 0.08)
    on.shadow(mask, 16, 0.7)
    tint = tinted(a.colours["gallbladder"], 1.0 + 0.045 * on.coarse + 0.03 * on.medium + 0.02 * on.fine)
    mix(tint, 0.45 * step(-inside, -0.30, -0.02) * step(on.medium, -0.6, 1.2), a.colours["membrane"])
    mix(tint, 0.62 * on.branches + 0.46 * on.twigs * (1.0 - on.branches), a.colours["vessel"])
    mix(tint, 0.35 * a.fat * step(on.lobes, 0.9, 1.6), a.colours["fat"])
    if detached > 0.02:
        neck = float(axis[-1][1])
        under = step(on.y, neck - 0.10, neck + 0.02)
        mix(tint, 0.55 * under * min(1.0, 4.0 * detached) * step(on.fine + on.medium, -1.0, 1.0), a.colours["bed"])
    relief = 105.0 * np.sqrt(np.clip(inside, 0, 1.2)) + 2.2 * on.coarse + 0.1 * on.fine + 0.9 * on.branches
    on.lay(mask, tint, relief, 1.15)


def _clips(a: Anatomy, scene: Layers, state: SiteState) -> None:
    """Titanium bars across duct and artery."""
    for structure, share in state.clips:
        points = finer(a.duct if structure == "cystic_duct" else a.artery)
        radius = (a.duct_radius if structure == "cystic_duct" else a.artery_radius) + 0.008
        place, ahead = along(points, share), along(points, min(1.0, share + 0.02))
        direction = (ahead - place) / float(np.hypot(*(ahead - place)))
        across = radius * np.array([-direction[1], direction[0]])
        on, inside = scene.tube(np.array([place - across, place + across]), np.full(2, 0.0062))
        mask = step(inside, 0.0, 0.3)
        on.shadow(mask, 4, 0.8)
        shine = np.clip(0.45 + 0.75 * np.clip(inside, 0, 1) + 0.1 * on.medium, 0, 1.3)
        on.lay(mask, tinted(a.colours["metal"], shine), 12.0 * np.sqrt(np.clip(inside, 0, 1)), 1.4)


def _blood(a: Anatomy, scene: Layers, limit: float, scene_reach: Field) -> None:
    at = scene.square(a.calot, 1.3 * limit + 0.22)
    on, reach = scene.view(at), scene_reach[at]
    mask, pool = step(reach, limit, limit - 0.02), step(reach, limit, limit - 0.12)
    tint = tinted(a.colours["blood"], 1.2 - 0.42 * pool + 0.05 * on.medium + 0.04 * on.coarse)
    on.lay((0.80 + 0.17 * pool) * mask, tint, soften(on.relief, 14) + 3.0 * pool + 1.2 * on.medium, 1.5)


def _bag(a: Anatomy, scene: Layers, full: bool, place: tuple[float, float]) -> None:
    """A crumpled translucent pouch with a white ring at its mouth."""
    x, y = place
    sag = np.array([(x - 0.09, y - 0.05), (x - 0.02, y + 0.03), (x + 0.05, y + 0.05), (x + 0.11, y + 0.02)])
    on, inside = scene.tube(sag, np.array([0.07, 0.105, 0.105, 0.06]) * (0.9 if full else 1.0), 0.16)
    mask = step(inside, 0.0, 0.06)
    on.shadow(mask, 12, 0.6)
    crease = np.abs(on.medium + 0.8 * on.lobes)
    tint = tinted(a.colours["bag"], 0.72 + 0.16 * np.clip(crease, 0, 2))
    if full:
        mix(tint, 0.4 * step(inside, 0.15, 0.6), a.colours["gallbladder"] * np.float32(0.85))
    mix(tint, np.full_like(inside, 0.22), on.albedo)
    on.lay(mask, tint, 30.0 * np.sqrt(np.clip(inside, 0, 1)) + 7.0 * crease, 1.6)
    mouth = np.array([(x - 0.15, y - 0.08), (x - 0.09, y - 0.14), (x - 0.02, y - 0.09), (x - 0.06, y - 0.02)])
    ring = finer(mouth[1:3] if full else np.vstack([mouth, mouth[:1]]))
    on, inside = scene.tube(ring, np.full(len(ring), 0.0065))
    on.lay(step(inside, 0.0, 0.3), np.array([242, 242, 238], np.float32), 14.0 * np.clip(inside, 0, 1), 1.0)
