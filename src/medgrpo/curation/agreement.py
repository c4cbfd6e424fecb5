"""How much of the captions is kept at which threshold: the agreement filter's curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from medgrpo.core import Config

STEPS = tuple(place / 20 for place in range(21))


class Agreement(Config):
    """The filter and what it did. `curve`: (threshold, share of the pairs kept). `mean`: of the cosines, by task."""

    threshold: float
    embedder: str
    pairs: int
    mean: dict[str, float]
    curve: list[tuple[float, float]]

    @classmethod
    def of(cls, threshold: float, embedder: str, cosines: Mapping[str, Sequence[float]]) -> Agreement:
        """From the cosines of all pairs, by task."""
        every = [value for held in cosines.values() for value in held]
        means = {task: round(fmean(held), 4) for task, held in sorted(cosines.items()) if held}
        return cls(threshold=threshold, embedder=embedder, pairs=len(every), mean=means, curve=kept_at(every))


def kept_at(values: Sequence[float], thresholds: Sequence[float] = STEPS) -> list[tuple[float, float]]:
    """(threshold, share of the values at or above it); [] without values."""
    return [(step, sum(value >= step for value in values) / len(values)) for step in thresholds] if values else []
