"""Whether a picture stands. An encoder between a frozen source and us never gives two equal pictures: it goes on refining."""

from __future__ import annotations

import numpy as np

from medgrpo.core import Config
from medgrpo.video import Brightness


class StillLimits(Config):
    """Design values: chosen on stills behind twelve codings (at most .81 and 4.4) and five real clips (at least 2.3 and 52 over
    2 s); nothing was held out (docs/live.md)."""

    mean: float = 1.0
    """Grey levels by which the parts of the same picture differ in the mean, at most."""
    part: float = 5.0
    parts_share: float = 0.02
    """So many parts may differ by more than `part`: a clock that runs on a picture that stands."""


class Stillness:
    """Compares each picture with the first of those that look like it, not with the one before: slow movement is movement."""

    def __init__(self, limits: StillLimits) -> None:
        self._limits = limits
        self._mark: int | None = None
        self._anchor: Brightness | None = None

    def moved(self, mark: int, now: Brightness | None) -> bool:
        """Whether this picture is another one. `mark`: its checksum; alone decisive where brightness is not known."""
        equal, self._mark = mark == self._mark, mark
        if equal or (now is not None and self._anchor is not None and self._alike(now, self._anchor)):
            return False
        self._anchor = now
        return True

    def _alike(self, now: Brightness, then: Brightness) -> bool:
        apart = np.abs(now - then)
        return bool(apart.mean() <= self._limits.mean and (apart > self._limits.part).mean() <= self._limits.parts_share)
