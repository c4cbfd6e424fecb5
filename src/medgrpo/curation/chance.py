"""Draws that depend on names alone: the same question gets the same draw whatever else is built, in whatever order.

A draw is the first 8 bytes of the SHA-256 of the seed and the names, as a number below 1. Nothing here keeps a state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
_NORMAL = NormalDist()


def draw(seed: int, *names: object) -> float:
    """A number from 0 up to, not including, 1: uniform over names."""
    text = "\x1f".join(map(str, (seed, *names)))
    return (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 11) / (1 << 53)


def pick(values: Sequence[T], weights: Sequence[float], share: float) -> T:
    """The value in whose part of the weights `share` (0 up to 1) falls. ValueError without a positive weight."""
    total = sum(weights)
    if not values or total <= 0:
        raise ValueError("nothing to pick from")
    left = share * total
    for value, weight in zip(values, weights, strict=True):
        left -= weight
        if left < 0:
            return value
    return values[-1]


def lognormal(median: float, sigma: float, share: float) -> float:
    """The quantile of a log-normal distribution; `share` 0 is held a little above 0."""
    return median * 2.718281828459045 ** (sigma * _NORMAL.inv_cdf(min(max(share, 1e-9), 1 - 1e-9)))
