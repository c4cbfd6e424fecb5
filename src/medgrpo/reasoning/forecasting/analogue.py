"""Forecast by similar moments: what came next at moments of recorded courses that were like this one, weighed by their likeness.

A moment of the past weighs exp(-d), d a sum over what differs: the label under way, the last three labels begun, the set of labels
done (1 - Jaccard), the time spent in the present one and since the beginning (difference of logarithms). The next label, the time
to each label and the time left are empirical distributions under such weights; all but the last are mixed with the first-order
chain. Where the kind of procedure is not known, kinds are mixed by what the labels done say of them (naive Bayes). Kernel
regression after Nadaraya and Watson (1964), analogues after Lorenz (1969); both from general knowledge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Config
from medgrpo.reasoning.forecasting.course import (
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
from medgrpo.reasoning.forecasting.likeness import Likeness, Remembered, Single, weights
from medgrpo.reasoning.forecasting.markov import FirstOrderMarkov

Array = NDArray[np.float64]


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


_BLOCK = 30_000
"""Weights worked out at once: they stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class _Memory:
    """Moments of one kind's past in order of the time left, and what came after them. `labels` (o,): those of the kind.

    `votes` (b, labels): 1 for the label that came next; `ahead` (m, (o + 1) * t): 1 for the label under way at each time ahead, the
    last for none.
    """

    kind: int
    between: Remembered
    votes: Single
    moments: Remembered
    waiting: Array
    remaining: Array
    ahead: Single
    labels: Labels
    steps: dict[tuple[float, ...], Single] = field(default_factory=dict[tuple[float, ...], Single])

    def within(self, seconds: Array) -> Single:
        """Shape (m, o * t): 1 where the label was under way within so many seconds; kept for the grid asked for last."""
        key = tuple(seconds.tolist())
        if key not in self.steps:
            self.steps.clear()
            reached = self.waiting[:, self.labels, None] <= seconds
            self.steps[key] = reached.reshape(len(reached), -1).astype(np.float32)
        return self.steps[key]


class _OneKind(Protocol):
    def __call__(self, memory: _Memory, some: Moments) -> Array: ...


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
            chained = self._chain.next_labels(some, memory.kind)
            if not len(memory.between):
                return chained
            share = self.config.order_share
            return share * (weights(memory.between, some, self.config.order) @ memory.votes) + (1 - share) * chained

        return self._mixed(moments, kind, (self._labels,), one_kind, lambda memory: len(memory.between))

    def waiting(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        def one_kind(memory: _Memory, some: Moments) -> Array:
            share, shape = self.config.time_share, (len(some), len(memory.labels), len(seconds))
            found = np.zeros(shape)
            if share > 0:
                found += share * (weights(memory.moments, some, self.config.time) @ memory.within(seconds)).reshape(shape)
            if share < 1:
                found += (1 - share) * self._chain.waiting_own(some, memory.kind, seconds)
            return found

        found = self._mixed(moments, kind, (self._labels, len(seconds)), one_kind, lambda memory: len(memory.moments))
        now = np.flatnonzero(moments.under_way != NONE)
        found[now, moments.under_way[now]] = 1.0
        return found

    def remaining(self, moments: Moments, kind: int | None, levels: Sequence[float]) -> Array:
        def one_kind(memory: _Memory, some: Moments) -> Array:
            cdf = np.cumsum(weights(memory.moments, some, self.config.rest), axis=1)
            places = np.stack([(cdf < level).sum(axis=1) for level in levels], axis=1)
            return memory.remaining[np.minimum(places, len(memory.remaining) - 1)]

        return self._mixed(moments, kind, (len(levels),), one_kind, lambda memory: len(memory.moments))

    def future(self, moments: Moments, kind: int | None, seconds: Array) -> Labels:
        if not np.array_equal(seconds, self._ahead):
            raise ValueError("these analogues remember other times ahead")

        def one_kind(memory: _Memory, some: Moments) -> Array:
            share = self.config.time_share
            found = (1 - share) * self._chain.ahead_own(some, memory.kind, seconds)
            if share > 0:
                known = weights(memory.moments, some, self.config.time) @ memory.ahead
                found += share * known.reshape(found.shape)
            return found

        def with_gap(memory: _Memory) -> Labels:
            return np.append(memory.labels, self._labels)

        shape = (self._labels + 1, len(seconds))
        best = self._mixed(moments, kind, shape, one_kind, lambda memory: len(memory.moments), with_gap).argmax(axis=1)
        return np.where(best == self._labels, NONE, best)

    def _mixed(
        self,
        moments: Moments,
        kind: int | None,
        shape: tuple[int, ...],
        one_kind: _OneKind,
        size: Callable[[_Memory], int],
        columns: Callable[[_Memory], Labels] | None = None,
    ) -> Array:
        """Shape (q, *shape): what `one_kind` says, mixed by how probable each kind is, a block of moments at a time.

        `columns`: where the answers of a kind belong along the first axis of `shape`; its labels unless told.
        """
        if kind in self._memories:
            parts = [(self._memories[kind], np.arange(len(moments)), np.ones(len(moments)))]
        else:
            shares = self.kind_shares(moments)
            shares = np.where(shares >= min(self.config.least_kind_share, 1 / len(self._kinds)), shares, 0.0)
            shares /= shares.sum(axis=1, keepdims=True)
            rows = [np.flatnonzero(shares[:, column]) for column in range(len(self._kinds))]
            parts = [
                (self._memories[one], some, shares[some, column])
                for column, (one, some) in enumerate(zip(self._kinds, rows, strict=True))
                if len(some)
            ]
        found = np.zeros((len(moments), *shape))
        for memory, rows_of_kind, share in parts:
            step = max(1, _BLOCK // max(1, size(memory)))
            for begin in range(0, len(rows_of_kind), step):
                block = rows_of_kind[begin : begin + step]
                said = one_kind(memory, _some(moments, block))
                weight = share[begin : begin + step].reshape(-1, *(1 for _ in said.shape[1:]))
                if said.shape[1:] == shape:
                    found[block] += weight * said
                else:
                    found[np.ix_(block, memory.labels if columns is None else columns(memory))] += weight * said
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
        waiting = np.concatenate([one.waiting_seconds for one in outcomes])
        remaining = np.concatenate([one.remaining_seconds for one in outcomes])
        ahead = np.concatenate([labels_at(course, np.array(grid)[:, None] + self._ahead) for course, grid in pairs])
        labels = np.array(sorted(seen), dtype=np.intp)
        # a course that is over shows no label either
        shown = np.concatenate([ahead[:, None] == labels[:, None], ahead[:, None] < 0], axis=1)
        order = np.argsort(remaining, kind="stable")
        next_label = np.concatenate([np.empty(0, dtype=np.intp), *(labels for _, labels in between)])
        return _Memory(
            courses[0].kind,
            Remembered.of(joined([empty, *(moments for moments, _ in between)])),
            np.eye(self._labels, dtype=np.float32)[next_label],
            Remembered.of(_some(joined([moments_at(course, grid, self._labels) for course, grid in pairs]), order)),
            waiting[order],
            remaining[order],
            shown[order].reshape(len(order), -1).astype(np.float32),
            labels,
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
