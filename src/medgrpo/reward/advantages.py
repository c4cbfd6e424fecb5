"""Advantages of groups of answers to one question. An answer without a reward (None) is in no mean and gets no gradient.

`scale` decides what the centred rewards are divided by:

    group   the group's own deviation: GRPO
    batch   the deviation of all rewards of the step
    none    1: Dr. GRPO, where the size of a reward matters

Deviations are of the population and nothing is added to them: a positive affine map of a group's rewards leaves `group` unchanged
to rounding (libraries add 1e-4, which breaks that where spreads are small). A deviation that is only rounding counts as none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import Literal

Scale = Literal["group", "batch", "none"]
ROUNDING = 1e-12
LEAST_AVERAGE = 1e-3
"""Least running deviation that is divided by."""


class SpreadAverages:
    """Per key, `source/task`, a running mean of the deviation inside groups. `state` and `restore` carry it over a restart."""

    def __init__(self, decay: float = 0.99) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in 0..1, got {decay}")
        self._decay = decay
        self._average: dict[str, float] = {}

    def update(self, spreads: Mapping[str, Sequence[float]]) -> None:
        """One step's deviations by key; the first ones seen of a key are its first average."""
        for key, values in spreads.items():
            if values:
                now = fmean(values)
                before = self._average.get(key, now)
                self._average[key] = self._decay * before + (1 - self._decay) * now

    def of(self, key: str) -> float:
        """Never below LEAST_AVERAGE; KeyError for a key that has not been seen."""
        return max(self._average[key], LEAST_AVERAGE)

    def state(self) -> dict[str, float]:
        return dict(self._average)

    def restore(self, state: Mapping[str, float]) -> None:
        self._average = dict(state)


def spread_of(group: Sequence[float | None]) -> float:
    """Population deviation of the known rewards; 0 for fewer than two, and where it is only rounding."""
    known = [reward for reward in group if reward is not None]
    if len(known) < 2:
        return 0.0
    deviation = pstdev(known)
    return deviation if deviation > ROUNDING * max(1.0, *map(abs, known)) else 0.0


def over_running_spread(
    groups: Sequence[Sequence[float | None]], keys: Sequence[str], averages: SpreadAverages
) -> list[list[float | None]]:
    """The normaliser `ema`: rewards of one step over the running deviation of their key, which is updated first."""
    by_key: dict[str, list[float]] = {}
    for group, key in zip(groups, keys, strict=True):
        by_key.setdefault(key, []).append(spread_of(group))
    averages.update(by_key)
    return [
        [None if reward is None else reward / averages.of(key) for reward in group] for group, key in zip(groups, keys, strict=True)
    ]


def batch_advantages(groups: Sequence[Sequence[float | None]], scale: Scale) -> list[list[float]]:
    """Advantages of one step, group by group; a group without spread gives zeros."""
    spreads = [spread_of(group) for group in groups]
    divisors: list[float]
    if scale == "group":
        divisors = spreads
    elif scale == "none":
        divisors = [1.0] * len(groups)
    else:
        divisors = [spread_of([reward for group in groups for reward in group])] * len(groups)
    return [
        _centred(group, divisor) if spread else [0.0] * len(group)
        for group, spread, divisor in zip(groups, spreads, divisors, strict=True)
    ]


def _centred(group: Sequence[float | None], divisor: float) -> list[float]:
    mean = fmean(reward for reward in group if reward is not None)
    return [0.0 if reward is None else (reward - mean) / divisor for reward in group]
