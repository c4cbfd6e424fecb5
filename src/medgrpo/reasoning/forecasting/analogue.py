"""Forecast by similar moments: what came next at moments of recorded courses that were like this one, weighed by their likeness.

A moment of the past weighs exp(-d), d a sum over what differs: the label under way, the last three labels begun, the set of labels
done (1 - Jaccard), the time spent in the present one and since the beginning (difference of logarithms). The next label, the time
to each label and the time left are empirical distributions under such weights; all but the last are mixed with the first-order
chain. Where the kind of procedure is not known, kinds are mixed by what the labels done say of them (naive Bayes). Kernel
regression after Nadaraya and Watson (1964), analogues after Lorenz (1969); both from general knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Config
from medgrpo.reasoning.forecasting.course import (
    AFTER,
    NONE,
    Course,
    Labels,
    Moments,
    joined,
    labels_at,
    moments_at,
    moments_between,
    outcomes_at,
)
from medgrpo.reasoning.forecasting.markov import FirstOrderMarkov

Array = NDArray[np.float64]


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


class AnalogueConfig(Config):
    """`order`: likeness for the next label; `time`: for times to labels; `rest`: for the time left.

    `order_share`, `time_share`: of the analogues, the first-order chain has the rest.
    """

    order: Likeness = Likeness(elapsed=0.2, spent=0.1)
    time: Likeness = Likeness()
    rest: Likeness = Likeness()
    order_share: float = 0.7
    time_share: float = 0.7
    memory_step_seconds: float = 10.0  # between remembered moments; longer where a kind has more than `most_moments`
    most_moments: int = 4000
    least_kind_share: float = 0.05


@dataclass(frozen=True, slots=True)
class _Memory:
    """Moments of the past of one kind and what came after them. `labels`: those that occur in this kind."""

    kind: int
    between: Moments
    next_label: Labels
    moments: Moments
    waiting: Array
    remaining: Array
    ahead: Labels
    labels: Labels


class _OneKind(Protocol):
    def __call__(self, memory: _Memory, some: Moments) -> Array: ...


def weights(memory: Moments, now: Moments, likeness: Likeness) -> Array:
    """Shape (q, m): the weight of every remembered moment for each moment of `now`; rows sum to 1."""
    distance = likeness.under_way * (now.under_way[:, None] != memory.under_way[None, :]).astype(np.float64)
    for column, weight in enumerate(likeness.recent):
        distance += weight * (now.recent[:, None, column] != memory.recent[None, :, column])
    both = now.done.astype(np.float64) @ memory.done.T.astype(np.float64)
    either = now.done.sum(axis=1)[:, None] + memory.done.sum(axis=1)[None, :] - both
    distance += likeness.done * (1 - np.divide(both, either, out=np.ones_like(both), where=either > 0))
    distance += likeness.spent * _log_apart(now.spent_seconds + 5, memory.spent_seconds + 5)
    distance += likeness.elapsed * _log_apart(now.elapsed_seconds + 15, memory.elapsed_seconds + 15)
    found = np.exp(distance.min(axis=1, keepdims=True) - distance)
    return found / found.sum(axis=1, keepdims=True)


class Analogues:
    """Learned from courses; see the module. `ahead_seconds`: times for which `future` may be asked."""

    def __init__(self, courses: Sequence[Course], labels: int, ahead_seconds: Array, config: AnalogueConfig | None = None) -> None:
        self.config, self._labels, self._ahead = config or AnalogueConfig(), labels, ahead_seconds
        self._chain = FirstOrderMarkov(courses, labels)
        self._kinds = sorted({course.kind for course in courses})
        self._memories = {kind: self._remember([one for one in courses if one.kind == kind]) for kind in self._kinds}
        counts = np.array([np.bincount(self._all_labels(courses, kind), minlength=labels) for kind in self._kinds])
        shares = np.array([sum(course.kind == kind for course in courses) for kind in self._kinds])
        self._log_prior = np.log(shares / shares.sum())
        self._log_labels = np.log((counts + 0.05) / (counts + 0.05).sum(axis=1, keepdims=True))

    def with_config(self, config: AnalogueConfig) -> Analogues:
        """The same memory with other weights."""
        other = object.__new__(Analogues)
        other.__dict__.update(self.__dict__)
        other.config = config
        return other

    def kind_shares(self, moments: Moments) -> Array:
        """Shape (q, kinds): how probable each kind is, given the labels done."""
        logs = self._log_prior + moments.done.astype(np.float64) @ self._log_labels.T
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def next_labels(self, moments: Moments, kind: int | None) -> Array:
        def one_kind(memory: _Memory, some: Moments) -> Array:
            if not len(memory.next_label):
                return self._chain.next_labels(some, memory.kind)
            votes = weights(memory.between, some, self.config.order) @ np.eye(self._labels)[memory.next_label]
            share = self.config.order_share
            return share * votes + (1 - share) * self._chain.next_labels(some, memory.kind)

        return self._mixed(moments, kind, (self._labels,), one_kind)

    def waiting(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        def one_kind(memory: _Memory, some: Moments) -> Array:
            known = weights(memory.moments, some, self.config.time)
            found = np.zeros((len(some), self._labels, len(seconds)))
            for label in memory.labels:
                within = memory.waiting[:, label, None] <= seconds
                found[:, label] = known @ within.astype(np.float64)
            now = np.flatnonzero(some.under_way != NONE)
            found[now, some.under_way[now]] = 1.0
            if self.config.time_share < 1:
                found *= self.config.time_share
                found += (1 - self.config.time_share) * self._chain.waiting(some, memory.kind, seconds)
            return found

        return self._mixed(moments, kind, (self._labels, len(seconds)), one_kind)

    def remaining(self, moments: Moments, kind: int | None, levels: Sequence[float]) -> Array:
        def one_kind(memory: _Memory, some: Moments) -> Array:
            order = np.argsort(memory.remaining)
            cdf = np.cumsum(weights(memory.moments, some, self.config.rest)[:, order], axis=1)
            places = (cdf[:, :, None] < np.asarray(levels)).sum(axis=1)
            return memory.remaining[order][np.minimum(places, len(order) - 1)]

        return self._mixed(moments, kind, (len(levels),), one_kind)

    def future(self, moments: Moments, kind: int | None, seconds: Array) -> Labels:
        if not np.array_equal(seconds, self._ahead):
            raise ValueError("these analogues remember other times ahead")

        def one_kind(memory: _Memory, some: Moments) -> Array:
            known = weights(memory.moments, some, self.config.time)
            found = np.zeros((len(some), self._labels + 2, len(seconds)))
            for label in (*memory.labels.tolist(), NONE, AFTER):
                found[:, label] = known @ (memory.ahead == label).astype(np.float64)
            found[:, NONE] += found[:, AFTER]  # a course that is over shows no label either
            found[:, AFTER] = 0.0
            chained = self._chain.ahead(some, memory.kind, seconds)
            found *= self.config.time_share
            found[:, : self._labels] += (1 - self.config.time_share) * chained[:, :-1]
            found[:, NONE] += (1 - self.config.time_share) * chained[:, -1]
            return found

        best = self._mixed(moments, kind, (self._labels + 2, len(seconds)), one_kind).argmax(axis=1)
        return np.where(best >= self._labels, NONE, best)

    def _mixed(self, moments: Moments, kind: int | None, shape: tuple[int, ...], one_kind: _OneKind) -> Array:
        if kind in self._memories:
            return one_kind(self._memories[kind], moments)
        shares = self.kind_shares(moments)
        shares = np.where(shares >= min(self.config.least_kind_share, 1 / len(self._kinds)), shares, 0.0)
        shares /= shares.sum(axis=1, keepdims=True)
        found = np.zeros((len(moments), *shape))
        for column, one in enumerate(self._kinds):
            rows = np.flatnonzero(shares[:, column])
            if len(rows):
                weight = shares[rows, column].reshape(-1, *(1 for _ in shape))
                found[rows] += weight * one_kind(self._memories[one], _some(moments, rows))
        return found

    def _remember(self, courses: Sequence[Course]) -> _Memory:
        total = sum(course.end_seconds - course.start_seconds for course in courses)
        step = max(self.config.memory_step_seconds, total / self.config.most_moments)
        grids = [np.arange(course.start_seconds, course.end_seconds, step).tolist() for course in courses]
        pairs = list(zip(courses, grids, strict=True))
        outcomes = [outcomes_at(course, grid, self._labels) for course, grid in pairs]
        between = [moments_between(course, self._labels) for course in courses if course.stretches]
        empty = moments_at(courses[0], [], self._labels)
        seen = {one.label for course in courses for one in course.stretches}
        return _Memory(
            courses[0].kind,
            joined([empty, *(moments for moments, _ in between)]),
            np.concatenate([np.empty(0, dtype=np.intp), *(labels for _, labels in between)]),
            joined([moments_at(course, grid, self._labels) for course, grid in pairs]),
            np.concatenate([one.waiting_seconds for one in outcomes]),
            np.concatenate([one.remaining_seconds for one in outcomes]),
            np.concatenate([[labels_at(course, (now + self._ahead).tolist()) for now in grid] for course, grid in pairs]),
            np.array(sorted(seen), dtype=np.intp),
        )

    def _all_labels(self, courses: Sequence[Course], kind: int) -> Labels:
        return np.array([one.label for course in courses if course.kind == kind for one in course.stretches], dtype=np.intp)


def _some(moments: Moments, rows: Labels) -> Moments:
    return Moments(
        moments.under_way[rows],
        moments.recent[rows],
        moments.done[rows],
        moments.spent_seconds[rows],
        moments.elapsed_seconds[rows],
    )


def _log_apart(one: Array, other: Array) -> Array:
    return np.abs(np.log(one)[:, None] - np.log(other)[None, :])
