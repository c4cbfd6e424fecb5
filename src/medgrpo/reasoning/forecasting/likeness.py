"""How like two moments of courses are: a weight of exp(-d), d a sum over what differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Config
from medgrpo.reasoning.forecasting.course import Labels, Moments

Array = NDArray[np.float64]
_SPENT_SECONDS, _ELAPSED_SECONDS = 5.0, 15.0  # added before logarithms: differences of a few seconds say little near 0


class Likeness(Config):
    """How much each difference weighs. Tuned on validation courses, never on test courses."""

    under_way: float = 3.0
    recent: tuple[float, float, float] = (3.0, 1.0, 0.5)
    done: float = 4.0
    spent: float = 0.5
    elapsed: float = 0.5

    def changed(self, name: str, value: float) -> Likeness:
        """The same with one weight changed; `recent0` to `recent2` are the three of `recent`."""
        if name.startswith("recent"):
            recent = list(self.recent)
            recent[int(name[-1])] = value
            return self.model_copy(update={"recent": tuple(recent)})
        return self.model_copy(update={name: value})


WEIGHTS = ("done", "recent0", "recent1", "recent2", "spent", "elapsed", "under_way")
"""Names that `Likeness.changed` takes."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """m moments of the past as they are compared. `own` (o,): the labels that occur in them; `done` (m, o), `done_count` (m,)."""

    under_way: Labels
    recent: Labels
    own: Labels
    done: Array
    done_count: Array
    log_spent: Array
    log_elapsed: Array

    @classmethod
    def of(cls, moments: Moments) -> Remembered:
        own = np.flatnonzero(moments.done.any(axis=0))
        done = moments.done[:, own].astype(np.float64)
        spent, elapsed = np.log(moments.spent_seconds + _SPENT_SECONDS), np.log(moments.elapsed_seconds + _ELAPSED_SECONDS)
        return cls(moments.under_way, np.ascontiguousarray(moments.recent.T), own, done, done.sum(axis=1), spent, elapsed)

    def __len__(self) -> int:
        return len(self.under_way)


def weights(memory: Remembered, now: Moments, likeness: Likeness) -> Array:
    """Shape (q, m): the weight of every remembered moment for each moment of `now`; rows sum to 1."""
    distance = np.zeros((len(now), len(memory)))
    if likeness.under_way:
        distance += likeness.under_way * (now.under_way[:, None] != memory.under_way)
    for column, weight in enumerate(likeness.recent):
        if weight:
            distance += weight * (now.recent[:, None, column] != memory.recent[column])
    if likeness.done:
        both = now.done[:, memory.own].astype(np.float64) @ memory.done.T
        either = now.done.sum(axis=1)[:, None] + memory.done_count - both
        np.maximum(either, 1e-9, out=either)  # nothing done on either side: alike
        distance += likeness.done * np.where(either < 0.5, 0.0, 1 - both / either)
    if likeness.spent:
        distance += likeness.spent * np.abs(np.log(now.spent_seconds + _SPENT_SECONDS)[:, None] - memory.log_spent)
    if likeness.elapsed:
        distance += likeness.elapsed * np.abs(np.log(now.elapsed_seconds + _ELAPSED_SECONDS)[:, None] - memory.log_elapsed)
    np.subtract(distance.min(axis=1, keepdims=True), distance, out=distance)
    np.exp(distance, out=distance)
    distance /= distance.sum(axis=1, keepdims=True)
    return distance
