"""Smoothing: what is known of each moment once the whole video has been seen. Forward-backward over the kept evidence.

The evidence of looks close together is summed, so memory is bounded whatever the length of the video: when the store is full,
neighbours are joined two by two. Nothing here is random and nothing depends on when a run was interrupted: an analysis that is
resumed feeds the same looks again and gets the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.reasoning.config import PhaseConfig
from medgrpo.reasoning.records import Evidence, PhaseSegment
from medgrpo.reasoning.semi_markov import SemiMarkov

Array = NDArray[np.float64]
TIME_GRAIN_SECONDS = 0.1  # times between two stored pieces of evidence are rounded to this: few transition matrices are needed
MOST_PIECES = 16384  # of evidence: two hours and a quarter before the first joining


@dataclass(frozen=True, slots=True)
class Smoothed:
    """`belief[i]` (states,) is what the whole video says of the time from `starts[i]` to the next start."""

    starts: Array
    belief: Array
    log_likelihood: float


class EvidenceLog:
    """Weighed log likelihoods of the states, look by look, kept in bounded memory."""

    def __init__(self, grain_seconds: float = 0.5, most: int = MOST_PIECES) -> None:
        self._grain, self._most = grain_seconds, most
        self._starts: list[float] = []
        self._sums: list[Array] = []

    def add(self, seconds: float, log_states: Array) -> None:
        """In order of time."""
        if self._starts and seconds - self._starts[-1] < self._grain:
            self._sums[-1] = self._sums[-1] + log_states
            return
        if len(self._starts) >= self._most:
            self._grain *= 2
            pairs = range(0, len(self._starts), 2)
            self._sums = [sum(self._sums[place + 1 : place + 2], start=self._sums[place]) for place in pairs]
            self._starts = self._starts[::2]
        self._starts.append(seconds)
        self._sums.append(log_states)

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def starts(self) -> Array:
        return np.array(self._starts)

    @property
    def sums(self) -> Array:
        """Shape (pieces, states)."""
        return np.array(self._sums)


def smooth(model: SemiMarkov, starts: Array, log_states: Array) -> Smoothed:
    """Forward-backward in the model without steps: `log_states` (n, states) at `starts` (n,), n >= 1.

    The forward pass moves from one start to the next and weighs; the backward pass does the same against time. Exact but for
    `TIME_GRAIN_SECONDS`.
    """
    tops = log_states.max(axis=1)
    weights = np.exp(log_states - tops[:, None])[:, model.state_of]
    gaps = [
        max(TIME_GRAIN_SECONDS, round((later - one) / TIME_GRAIN_SECONDS) * TIME_GRAIN_SECONDS) for one, later in pairwise(starts)
    ]
    kernels = {gap: model.kernel(gap) for gap in set(gaps)}
    forward = np.empty((len(starts), *model.initial.shape))
    now = model.initial * weights[0]
    total = float(now.sum())
    likelihood = math.log(total) + float(tops.sum())
    forward[0] = now / total
    for place, gap in enumerate(gaps, start=1):
        now = (forward[place - 1][:, None, :] @ kernels[gap])[:, 0, :] * weights[place]
        total = float(now.sum())
        likelihood += math.log(total)
        forward[place] = now / total
    backward = np.ones(model.initial.shape)
    for place in range(len(starts) - 2, -1, -1):
        backward = (kernels[gaps[place]] @ (weights[place + 1] * backward)[:, :, None])[:, :, 0]
        backward /= backward.max()
        forward[place] *= backward
        forward[place] /= forward[place].sum()
    belief = np.stack([model.state_belief(forward[place]) for place in range(len(forward))])
    return Smoothed(starts, belief, likelihood)


def revised_phases(
    segments: Sequence[PhaseSegment], smoothed: Smoothed, names: Sequence[str], config: PhaseConfig, most_looks: int
) -> tuple[PhaseSegment, ...]:
    """The phases as the whole video shows them, in place of those that were settled look by look.

    Stretches without a phase stay as they are, with their reason: what was not clear or not seen is not named afterwards either.
    Between them the most probable phase of every moment counts; a run of it that is shorter than `settle_seconds` or is never
    believed to `settle_belief` falls to the surer of its neighbours. The model of each is that of the settled phase that shares
    most of its time.
    """
    revised: list[PhaseSegment] = []
    for start, end, known in _stretches(segments):
        if known is not None:
            revised.append(known)
            continue
        inside = np.flatnonzero((smoothed.starts >= start) & (smoothed.starts < end))
        belief, starts = smoothed.belief[inside], smoothed.starts[inside]
        runs = _settled_runs(belief, np.append(starts, end), config)
        if not runs:
            revised += [one for one in segments if start <= one.span.start_seconds and one.span.end_seconds <= end]
            continue
        for place, (first, beyond, state) in enumerate(runs):
            span = Span(start if place == 0 else float(starts[first]), end if place == len(runs) - 1 else float(starts[beyond]))
            evidence = _evidence(starts[first:beyond], belief[first:beyond, state], _model_of(span, segments), most_looks)
            revised.append(PhaseSegment(span, names[state], evidence.confidence, evidence))
    return tuple(revised)


def _model_of(span: Span, segments: Sequence[PhaseSegment]) -> str:
    """Whose looks the settled phases of that time rest on."""
    return max((one for one in segments if one.phase is not None), key=lambda one: _shared(one.span, span)).evidence.model


def _shared(one: Span, other: Span) -> float:
    return min(one.end_seconds, other.end_seconds) - max(one.start_seconds, other.start_seconds)


def _stretches(segments: Sequence[PhaseSegment]) -> list[tuple[float, float, PhaseSegment | None]]:
    """Start and end of what has a phase, neighbours that touch together; and the segments without one."""
    stretches: list[tuple[float, float, PhaseSegment | None]] = []
    for one in segments:
        start, end = one.span.start_seconds, one.span.end_seconds
        if one.phase is not None and stretches and stretches[-1][2] is None and stretches[-1][1] == start:
            stretches[-1] = (stretches[-1][0], end, None)
        else:
            stretches.append((start, end, one if one.phase is None else None))
    return stretches


def _settled_runs(belief: Array, bounds: Array, config: PhaseConfig) -> list[tuple[int, int, int]]:
    """(first piece, beyond the last, state) of each run of the most probable state that is long and sure enough."""
    leading = belief.argmax(axis=1)
    changes = np.flatnonzero(np.diff(leading)) + 1
    edges = [0, *changes.tolist(), len(leading)] if len(leading) else [0]
    runs = [(first, beyond, int(leading[first])) for first, beyond in pairwise(edges)]
    while len(runs) > 1:
        weak = [
            (float(bounds[beyond] - bounds[first]), place)
            for place, (first, beyond, state) in enumerate(runs)
            if bounds[beyond] - bounds[first] < config.settle_seconds or belief[first:beyond, state].max() < config.settle_belief
        ]
        if not weak:
            break
        place = min(weak)[1]
        first, beyond, _ = runs.pop(place)
        before, after = place - 1, place  # the neighbours, now that it is gone
        own = belief[first:beyond].sum(axis=0)
        take_before = before >= 0 and (after >= len(runs) or own[runs[before][2]] >= own[runs[after][2]])
        neighbour = before if take_before else after
        old = runs[neighbour]
        runs[neighbour] = (min(old[0], first), max(old[1], beyond), old[2])
        if before >= 0 and after < len(runs) and runs[before][2] == runs[after][2]:
            runs[before : after + 1] = [(runs[before][0], runs[after][1], runs[before][2])]
    return runs


def _evidence(starts: Array, belief: Array, model: str, most: int) -> Evidence:
    """Looks evenly spread over a run, the surest one among them."""
    best = int(belief.argmax())
    spread = np.linspace(0, len(starts) - 1, min(most - 1, len(starts))).round().astype(int).tolist()
    seconds = tuple(float(starts[place]) for place in sorted({best, *spread}))
    return Evidence(seconds, float(starts[best]), model, min(1.0, float(belief.mean())))
