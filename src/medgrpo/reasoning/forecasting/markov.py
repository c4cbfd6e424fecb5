"""First-order Markov baseline: what comes depends on the label begun last alone, and lasts for an exponential time.

States are (label, under way) and (label, ended: a gap), the gap before the first label, and the end. Shares of successors are
interpolated with the shares of labels by Witten and Bell's rule (1991): a context seen n times with v different successors keeps
n / (n + v). Times have the means of the recorded ones. Exact on a grid of one second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.reasoning.forecasting.course import NONE, Course, Labels, Moments
from medgrpo.reasoning.semi_markov import transition

Array = NDArray[np.float64]
_TICK_SECONDS = 1.0
_LONG_TICK_SECONDS = 15.0
_LONGEST_SECONDS = 2 * 3600.0
_SHORTEST_SECONDS = 0.5  # mean of a gap: labels that follow at once still need a rate


def witten_bell(counts: Array, lower: Array) -> Array:
    """Rows of `counts` (contexts, labels) interpolated with `lower` (labels,): shape (contexts, labels), rows sum to 1."""
    total, kinds = counts.sum(axis=1, keepdims=True), (counts > 0).sum(axis=1, keepdims=True)
    return (counts + np.where(total > 0, kinds, 1) * lower) / np.where(total > 0, total + kinds, 1)


@dataclass(frozen=True, slots=True)
class _Chain:
    """`following` (labels + 1, labels): successors; the last row stands for nothing yet. `rates`: the generator of the labels that
    occur, `own`; `place` (labels + 1,): where each label is among them, len(own) for the others and for none."""

    following: Array
    rates: Array
    own: Labels
    place: Labels


class FirstOrderMarkov:
    """Learned per kind and over all courses; the latter is used where the kind is not known."""

    def __init__(self, courses: Sequence[Course], labels: int) -> None:
        self._labels = labels
        self._all = self._learn(courses)
        kinds = sorted({course.kind for course in courses})
        self._chains = {kind: self._learn([one for one in courses if one.kind == kind]) for kind in kinds}
        self._passages: dict[tuple[int | None, float], Array] = {}
        self._ends: dict[int | None, Array] = {}
        self._marginals: dict[tuple[int | None, tuple[float, ...]], Array] = {}

    def next_labels(self, moments: Moments, kind: int | None) -> Array:
        return self._of(kind).following[moments.recent[:, 0]]  # NONE is -1: the last row

    def waiting(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        found = np.zeros((len(moments), self._labels, len(seconds)))
        found[:, self._of(kind).own] = self.waiting_own(moments, kind, seconds)
        now = np.flatnonzero(moments.under_way != NONE)
        found[now, moments.under_way[now]] = 1.0
        return found

    def waiting_own(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        """Shape (q, o, t): `waiting` for the labels that the kind has, in order of their index."""
        chain, passages = self._of(kind), self._passage(kind, float(seconds[-1]))
        ticks = np.rint(seconds / _TICK_SECONDS).astype(np.intp)
        return passages[ticks][:, self._states(moments, chain)].transpose(1, 2, 0)

    def remaining(self, moments: Moments, kind: int | None, levels: Sequence[float]) -> Array:
        chain = self._of(kind)
        if kind not in self._ends:
            self._ends[kind] = _end(chain.rates)
        cdf = self._ends[kind][:, self._states(moments, chain)]
        places = (cdf[:, :, None] < np.asarray(levels)).sum(axis=0)
        return np.minimum(places, len(cdf) - 1) * _LONG_TICK_SECONDS

    def ahead(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        """Shape (q, labels + 1, t): P(label under way) at each of those times ahead; the last row is a gap. The end is left out."""
        found = np.zeros((len(moments), self._labels + 1, len(seconds)))
        found[:, [*self._of(kind).own.tolist(), self._labels]] = self.ahead_own(moments, kind, seconds)
        return found

    def ahead_own(self, moments: Moments, kind: int | None, seconds: Array) -> Array:
        """Shape (q, o + 1, t): `ahead` for the labels that the kind has, in order of their index, and the gap."""
        chain = self._of(kind)
        key = (kind, tuple(seconds.tolist()))
        if key not in self._marginals:
            moves = transition(chain.rates, np.array([_TICK_SECONDS]))[0]
            count = len(chain.own)
            now, at, parts = np.eye(len(chain.rates)), 0.0, list[Array]()
            for wanted in seconds:
                while at < wanted - _TICK_SECONDS / 2:
                    now, at = now @ moves, at + _TICK_SECONDS
                gap = now[:, count:-1].sum(axis=1, keepdims=True)
                parts.append(np.concatenate([now[:, :count], gap], axis=1))
            self._marginals[key] = np.stack(parts, axis=2)
        return self._marginals[key][self._states(moments, chain)]

    def future(self, moments: Moments, kind: int | None, seconds: Array) -> Labels:
        best = self.ahead(moments, kind, seconds).argmax(axis=1)
        return np.where(best == self._labels, NONE, best)

    def _of(self, kind: int | None) -> _Chain:
        return self._all if kind is None else self._chains.get(kind, self._all)

    def _states(self, moments: Moments, chain: _Chain) -> Labels:
        count = len(chain.own)
        now = chain.place[moments.under_way]
        return np.where(now < count, now, count + chain.place[moments.recent[:, 0]])

    def _learn(self, courses: Sequence[Course]) -> _Chain:
        size = self._labels
        counts, ends = np.zeros((size + 1, size)), np.zeros(size + 1)
        lengths: list[list[float]] = [[] for _ in range(size)]
        gaps: list[list[float]] = [[] for _ in range(size + 1)]
        for course in courses:
            latest, since = size, course.start_seconds
            for one in course.stretches:
                counts[latest, one.label] += 1
                gaps[latest].append(max(0.0, one.span.start_seconds - since))
                lengths[one.label].append(one.span.duration_seconds)
                latest, since = one.label, one.span.end_seconds
            ends[latest] += 1
            gaps[latest].append(max(0.0, course.end_seconds - since))
        following = witten_bell(counts, witten_bell(counts.sum(axis=0)[None], np.full(size, 1 / size))[0])
        own = np.flatnonzero(counts.sum(axis=0))
        place = np.full(size + 1, len(own), dtype=np.intp)
        place[own] = np.arange(len(own))
        rates = np.zeros((2 * len(own) + 2, 2 * len(own) + 2))
        for here, label in enumerate(own):
            rates[here, len(own) + here] = 1 / max(float(np.mean(lengths[label])), _SHORTEST_SECONDS)
        pooled_gap = float(np.mean([value for part in gaps for value in part]))
        for here, label in enumerate([*own.tolist(), size]):
            leave = 1 / max(float(np.mean(gaps[label])) if gaps[label] else pooled_gap, _SHORTEST_SECONDS)
            over = (ends[label] + 0.5) / (counts[label].sum() + ends[label] + 1)
            shares = following[label, own]
            rates[len(own) + here, : len(own)] = leave * (1 - over) * shares / shares.sum() if len(own) else 0.0
            rates[len(own) + here, -1] = leave * over
        np.fill_diagonal(rates, -rates.sum(axis=1))
        return _Chain(following, rates, own, place)

    def _passage(self, kind: int | None, horizon: float) -> Array:
        """Shape (ticks + 1, states, own labels): P(label under way within so many ticks | state)."""
        if (kind, horizon) not in self._passages:
            chain = self._of(kind)
            moves = transition(chain.rates, np.array([_TICK_SECONDS]))[0]
            reached = np.zeros((len(moves), len(chain.own)))
            own = np.arange(len(chain.own))
            reached[own, own] = 1.0
            steps = [reached]
            for _ in range(round(horizon / _TICK_SECONDS)):
                reached = moves @ reached
                reached[own, own] = 1.0
                steps.append(reached)
            self._passages[kind, horizon] = np.stack(steps)
        return self._passages[kind, horizon]


def _end(rates: Array) -> Array:
    """Shape (ticks + 1, states): P(over within so many long ticks | state)."""
    moves = transition(rates, np.array([_LONG_TICK_SECONDS]))[0]
    over = np.zeros(len(moves))
    over[-1] = 1.0
    steps = [over]
    for _ in range(round(_LONGEST_SECONDS / _LONG_TICK_SECONDS)):
        steps.append(moves @ steps[-1])
    return np.stack(steps)
