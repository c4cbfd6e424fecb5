"""The scene as one big picture, seen by the camera: organs painted once, the surgical site when its state changes."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medgrpo.simulation.anatomy import Anatomy
from medgrpo.simulation.layers import SHAPE, Layers
from medgrpo.simulation.organs import paint_organs
from medgrpo.simulation.site import SiteState, blood_limit, blood_reach, paint_site
from medgrpo.simulation.texture import Field

_SITE = (slice(0, int(0.92 * SHAPE[0])), slice(0, int(0.8 * SHAPE[1])))


class Canvas:
    """Packed pixels, uint32 of shape SHAPE: red, green, blue and gloss (how strongly the place mirrors the light)."""

    def __init__(self, anatomy: Anatomy, rng: np.random.Generator) -> None:
        self.anatomy, self._rng = anatomy, rng
        self._pixels = np.zeros((*SHAPE, 4), np.uint8)
        self._state: SiteState | None = None

    @cached_property
    def _blank(self) -> Layers:
        return Layers.blank(self._rng)

    @cached_property
    def _organs(self) -> Layers:
        """Painted when first looked at: the script and its truth need no picture."""
        organs = self._blank
        paint_organs(self.anatomy, organs)
        organs.light(self._pixels, self.anatomy.gloss)
        return organs

    @cached_property
    def _blood_reach(self) -> Field:
        return blood_reach(self.anatomy, self._blank)  # of the texture, which painting leaves as it is

    def pixels(self, state: SiteState) -> NDArray[np.uint32]:
        """The scene in that state; the array is reused, so read it before asking for another state."""
        if state != self._state:
            site = self._organs.copy(_SITE)
            paint_site(self.anatomy, site, state, self._blood_reach[_SITE])
            site.light(self._pixels[_SITE], self.anatomy.gloss)
            self._state = state
        return self._pixels.view(np.uint32)[..., 0]

    def bloody(self, state: SiteState, rows: NDArray[np.int32], columns: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of these canvas pixels lie under pooled blood."""
        return self._blood_reach[rows, columns] < blood_limit(state.blood) - 0.01
