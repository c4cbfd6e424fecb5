"""One patient: where the organs lie, what colour they are. World units: the scene is 1.25 wide and 1 high, y points down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.simulation.texture import Points

WORLD_WIDTH, WORLD_HEIGHT = 1.25, 1.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """Shapes are polylines of shape (n, 2); colours are RGB 0..255; `fat` 0 lean .. 1 very fat."""

    gallbladder: Points
    gallbladder_radii: NDArray[np.float64]
    gallbladder_freed: Points
    duct: Points
    artery: Points
    duct_radius: float
    artery_radius: float
    calot: Point
    fat: float
    colours: dict[str, NDArray[np.float32]]
    bag: Point
    gloss: float

    @classmethod
    def of(cls, rng: np.random.Generator) -> Anatomy:
        def jitter(points: list[Point], spread: float) -> Points:
            return np.array(points, np.float64) + rng.normal(0, spread, (len(points), 2))

        shift = rng.normal(0, 0.025, 2)
        gallbladder = jitter([(0.40, 0.10), (0.43, 0.22), (0.48, 0.34), (0.545, 0.44), (0.60, 0.50)], 0.010) + shift
        size = rng.uniform(0.85, 1.25)
        radii = np.array([0.150, 0.168, 0.150, 0.098, 0.040]) * size
        neck = gallbladder[-1]
        duct = neck + np.array([(0.0, 0.0), (0.055, 0.055), (0.105, 0.12), (0.17, 0.20)]) + rng.normal(0, 0.006, (4, 2))
        duct[0] = neck
        artery = neck + np.array([(-0.03, -0.08), (0.06, -0.035), (0.13, -0.02), (0.24, 0.05)])
        artery[1:] += rng.normal(0, 0.008, (3, 2))
        freed = jitter([(0.44, 0.10), (0.37, 0.075), (0.30, 0.10), (0.24, 0.17), (0.215, 0.23)], 0.008) + shift
        return cls(
            gallbladder=gallbladder, gallbladder_radii=radii, gallbladder_freed=freed, duct=duct, artery=artery,
            duct_radius=float(rng.uniform(0.015, 0.022)), artery_radius=float(rng.uniform(0.0095, 0.013)),
            calot=(float(neck[0] + 0.075), float(neck[1] + 0.035)), fat=float(rng.uniform(0.1, 0.95)),
            colours=_colours(rng), bag=(float(rng.uniform(0.50, 0.62)), float(rng.uniform(0.52, 0.62))),
            gloss=float(rng.uniform(0.9, 1.35)),
        )  # fmt: skip

    def gallbladder_at(self, detached: float) -> Points:
        """The gallbladder's axis, fundus first, when a share `detached` (0..1) of its bed is free: the neck is lifted first."""
        lag = np.linspace(0.55, 0.0, len(self.gallbladder))[:, None]
        share = np.clip((detached - lag) / 0.45, 0.0, 1.0)
        lifted = share * share * (3.0 - 2.0 * share)
        return self.gallbladder * (1.0 - lifted) + self.gallbladder_freed * lifted

    def place(self, target: str, detached: float, spread: Point = (0.0, 0.0)) -> Point:
        """Where an instrument acts on that CholecT50 target; `spread` (-1..1 each) chooses a place within it."""
        axis = self.gallbladder_at(detached)
        peel = self._peel(detached)
        places: dict[str, tuple[Point, float]] = {
            "gallbladder": (tuple(0.5 * axis[3] + 0.5 * axis[4]) if detached < 0.02 else tuple(0.6 * peel + 0.4 * axis[3]), 0.03),
            "cystic_plate": (tuple(peel), 0.03),
            "cystic_duct": (tuple(self.duct[1]), 0.006),
            "cystic_artery": (tuple(self.artery[2]), 0.006),
            "cystic_pedicle": (self.calot, 0.03),
            "blood_vessel": ((self.artery[2][0] + 0.02, self.artery[2][1] - 0.01), 0.015),
            "fluid": ((self.calot[0] - 0.06, self.calot[1] + 0.13), 0.06),
            "abdominal_wall_cavity": ((self.calot[0] + 0.12, self.calot[1] - 0.16), 0.05),
            "liver": ((self.gallbladder[2][0] - 0.14, self.gallbladder[2][1] + 0.12), 0.05),
            "adhesion": ((self.calot[0] - 0.04, self.calot[1] + 0.07), 0.02),
            "omentum": ((self.calot[0] + 0.03, self.calot[1] + 0.21), 0.05),
            "peritoneum": ((self.gallbladder[3][0] - 0.06, self.gallbladder[3][1] + 0.03), 0.02),
            "gut": ((self.calot[0] + 0.16, self.calot[1] + 0.29), 0.03),
            "specimen_bag": (self.bag, 0.05),
            "null_target": ((self.calot[0] + 0.05, self.calot[1] + 0.06), 0.11),
        }
        (x, y), reach = places[target]
        return (float(x) + reach * spread[0], float(y) + reach * spread[1])

    def _peel(self, detached: float) -> Points:
        """The line along which the gallbladder still hangs on the liver: from neck towards fundus."""
        at = (1.0 - min(1.0, 0.1 + 0.9 * detached)) * (len(self.gallbladder) - 1)
        low = min(int(at), len(self.gallbladder) - 2)
        return self.gallbladder[low] + (at - low) * (self.gallbladder[low + 1] - self.gallbladder[low])


def _colours(rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    warm = rng.normal(0, 1)

    def colour(red: float, green: float, blue: float, spread: float = 8.0) -> NDArray[np.float32]:
        base = np.array([red, green, blue]) + rng.normal(0, spread, 3) * (0.6, 0.4, 0.4) + np.array([6.0, 0.0, -6.0]) * warm
        return np.clip(base, 8, 250).astype(np.float32)

    wall = colour(158, 92, 84)
    pale = (colour(178, 168, 176), colour(160, 166, 146), colour(196, 158, 150), colour(176, 174, 188))
    return {
        "wall": wall,
        "liver": colour(114, 47, 41, 8),
        "liver_deep": colour(74, 30, 26, 5),
        "gallbladder": pale[int(rng.integers(len(pale)))],
        "fat": colour(222, 172, 100, 10),
        "fat_deep": colour(190, 124, 66, 6),
        "gut": colour(206, 122, 112, 12),
        "duct": colour(196, 176, 138),
        "artery": colour(196, 110, 96),
        "bed": colour(142, 84, 62),
        "char": colour(70, 46, 34, 4),
        "membrane": colour(186, 130, 104, 10),
        "vessel": colour(138, 30, 34),
        "blood": colour(112, 7, 9, 4),
        "bag": colour(208, 210, 212, 4),
        "metal": colour(176, 180, 186, 4),
    }
