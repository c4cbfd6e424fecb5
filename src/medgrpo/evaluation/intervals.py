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


def ratio_interval(
    parts: Sequence[tuple[float, float]], resamples: int = 1000, seed: int = 0
) -> tuple[float | None, float | None, float | None]:
    """The sum of the first parts of all cases over the sum of the second, and its 95 % interval: `bootstrap` in one product.

    Shares, rates and means over cases are such ratios. None where the second parts sum to 0; no interval where they do so in most
    draws, or of one case.
    """
    values = np.array(parts, dtype=np.float64).reshape(-1, 2)
    above, below = values.sum(axis=0).tolist()
    if below == 0:
        return None, None, None
    if len(values) < 2:
        return above / below, None, None
    drawn = values[np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))].sum(axis=1)
    known = drawn[drawn[:, 1] != 0]
    if 2 * len(known) < resamples:
        return above / below, None, None
    low, high = np.percentile(known[:, 0] / known[:, 1], [2.5, 97.5])
    return above / below, float(low), float(high)
