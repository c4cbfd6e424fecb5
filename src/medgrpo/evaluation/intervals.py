"""Bootstrap over cases: how sure a figure is when whole operations are the unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

_Case = TypeVar("_Case")


def bootstrap(
    cases: Sequence[_Case], figure: Callable[[Sequence[_Case]], float | None], resamples: int = 1000, seed: int = 0
) -> tuple[float, float] | None:
    """The 95 % percentile interval of `figure` over `cases` drawn with replacement (Efron 1979, general knowledge: confirm).

    None when `figure` is None for most of the draws: too few cases show what it counts.
    """
    random = np.random.default_rng(seed)
    drawn: list[float | None] = []
    for _ in range(resamples):
        places: list[int] = random.integers(len(cases), size=len(cases)).tolist()
        drawn.append(figure([cases[place] for place in places]))
    values = [value for value in drawn if value is not None]
    if 2 * len(values) < resamples:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
