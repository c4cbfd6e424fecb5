"""How like two moments of courses are: a weight of exp(-d), d a sum over what differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Config
from medgrpo.reasoning.forecasting.course import Labels, Moments

Single = NDArray[np.float32]
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
    """m moments of the past as they are compared, in single precision.

    `own` (o,): the labels that occur in them; `done` (m, o), `done_count` (m,).
    """

    under_way: Labels
    recent: Labels
    own: Labels
    done: Single
    done_count: Single
    log_spent: Single
    log_elapsed: Single

    @classmethod
    def of(cls, moments: Moments) -> Remembered:
        own = np.flatnonzero(moments.done.any(axis=0))
        done = moments.done[:, own].astype(np.float32)
        spent, elapsed = _log(moments.spent_seconds + _SPENT_SECONDS), _log(moments.elapsed_seconds + _ELAPSED_SECONDS)
        return cls(moments.under_way, np.ascontiguousarray(moments.recent.T), own, done, done.sum(axis=1), spent, elapsed)

    def __len__(self) -> int:
        return len(self.under_way)


def weights(memory: Remembered, now: Moments, likeness: Likeness) -> Single:
    """Shape (q, m): the weight of every remembered moment for each moment of `now`; rows sum to 1."""
    distance = np.zeros((len(now), len(memory)), np.float32)
    if likeness.under_way:
        distance += np.float32(likeness.under_way) * (now.under_way[:, None] != memory.under_way)
    for column, weight in enumerate(likeness.recent):
        if weight:
            distance += np.float32(weight) * (now.recent[:, None, column] != memory.recent[column])
    if likeness.done:
        both = now.done[:, memory.own].astype(np.float32) @ memory.done.T
        either = now.done.sum(axis=1, dtype=np.float32)[:, None] + memory.done_count - both
        alike = np.where(either > 0, both, np.float32(1)) / np.maximum(either, np.float32(1))  # nothing done on either side: alike
        distance += np.float32(likeness.done) * (np.float32(1) - alike)
    for weight, mine, theirs in (
        (likeness.spent, now.spent_seconds + _SPENT_SECONDS, memory.log_spent),
        (likeness.elapsed, now.elapsed_seconds + _ELAPSED_SECONDS, memory.log_elapsed),
    ):
        if weight:
            apart = _log(mine)[:, None] - theirs
            distance += np.float32(weight) * np.abs(apart, out=apart)
    np.subtract(distance.min(axis=1, keepdims=True), distance, out=distance)
    np.exp(distance, out=distance)
    distance /= distance.sum(axis=1, keepdims=True)
    return distance


def _log(seconds: NDArray[np.float64]) -> Single:
    return np.log(seconds).astype(np.float32)
