"""The one protocol of forecasts from courses, and the two simplest baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from medgrpo.reasoning.forecasting.course import NONE, Course, Labels, Moments, outcomes_at

Array = NDArray[np.float64]


class Anticipator(Protocol):
    """Forecasts for q moments of courses of one kind; `kind` None where it is not known."""

    def next_labels(self, moments: Moments, kind: int | None) -> Array:
        """Shape (q, labels), each row sums to 1: which label begins next, given that one does."""
        ...

    def waiting(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        """Shape (q, labels, t): P(the label is under way or has begun within `seconds[t]`); `seconds` rise from 0."""
        ...

    def remaining(self, moments: Moments, kind: int | None, levels: Sequence[float]) -> Array:
        """Shape (q, levels): quantiles of the seconds left."""
        ...

    def future(self, moments: Moments, kind: int | None, seconds: Array) -> Labels:
        """Shape (q, t): the most probable label at each of those times ahead; NONE where none is."""
        ...


class LastSeen:
    """Nothing changes: the label goes on, the others stay away, the rest lasts as long as the course has lasted so far."""

    def __init__(self, labels: int) -> None:
        self._labels = labels

    def next_labels(self, moments: Moments, kind: int | None) -> Array:  # noqa: ARG002 - the protocol's
        """The label begun last has most, the ones before it less, the rest share what is left."""
        scores = np.full((len(moments), self._labels), 0.01 / self._labels)
        for weight, column in ((0.01, 2), (0.08, 1), (0.9, 0)):
            known = moments.recent[:, column] != NONE
            np.add.at(scores, (np.flatnonzero(known), moments.recent[known, column]), weight)
        return scores / scores.sum(axis=1, keepdims=True)

    def waiting(self, moments: Moments, kind: int | None, seconds: Array) -> Array:  # noqa: ARG002 - the protocol's
        now = moments.under_way[:, None] == np.arange(self._labels)
        return np.repeat(now[:, :, None].astype(np.float64), len(seconds), axis=2)

    def remaining(self, moments: Moments, kind: int | None, levels: Sequence[float]) -> Array:  # noqa: ARG002 - the protocol's
        return np.repeat(moments.elapsed_seconds[:, None], len(levels), axis=1)

    def future(self, moments: Moments, kind: int | None, seconds: Array) -> Labels:  # noqa: ARG002 - the protocol's
        return np.repeat(moments.under_way[:, None], len(seconds), axis=1)


class ClassMeans:
    """Means over the courses of the kind (of all, where it is not known), whatever has happened so far."""

    def __init__(self, courses: Sequence[Course], labels: int, horizon_seconds: float, step_seconds: float) -> None:
        self._labels, self._horizon = labels, horizon_seconds
        kinds = sorted({course.kind for course in courses})
        self._means = {kind: self._learn([one for one in courses if one.kind == kind], step_seconds) for kind in kinds}
        self._all = self._learn(courses, step_seconds)

    def _learn(self, courses: Sequence[Course], step: float) -> tuple[Array, Array, float]:
        counts, waits, moments = np.full(self._labels, 1e-3), np.zeros(self._labels), 0
        for course in courses:
            seconds = np.arange(course.start_seconds, course.end_seconds, step)
            waits += np.minimum(outcomes_at(course, seconds.tolist(), self._labels).waiting_seconds, self._horizon).sum(axis=0)
            moments += len(seconds)
            for one in course.stretches:
                counts[one.label] += 1
        lengths = [course.end_seconds - course.start_seconds for course in courses]
        return counts / counts.sum(), waits / moments, float(np.mean(lengths))

    def _of(self, kind: int | None) -> tuple[Array, Array, float]:
        return self._all if kind is None else self._means.get(kind, self._all)

    def next_labels(self, moments: Moments, kind: int | None) -> Array:
        return np.repeat(self._of(kind)[0][None], len(moments), axis=0)

    def waiting(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        reached = (seconds[None, :] >= self._of(kind)[1][:, None]) & (self._of(kind)[1][:, None] < self._horizon)
        return np.repeat(reached[None].astype(np.float64), len(moments), axis=0)

    def remaining(self, moments: Moments, kind: int | None, levels: Sequence[float]) -> Array:
        left = np.maximum(0.0, self._of(kind)[2] - moments.elapsed_seconds)
        return np.repeat(left[:, None], len(levels), axis=1)

    def future(self, moments: Moments, kind: int | None, seconds: Array) -> Labels:
        return np.full((len(moments), len(seconds)), int(self._of(kind)[0].argmax()), dtype=np.intp)
