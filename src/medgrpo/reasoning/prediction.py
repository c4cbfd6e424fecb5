"""What a semi-Markov belief says about the future, exactly: what comes next, when each state comes, how long it all goes on.

Times are given as distribution functions on a regular grid; `quantiles` reads points off them. "Comes" counts a state that is
under way now as already there (time 0), as the field's anticipation metrics do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from medgrpo.reasoning.semi_markov import SemiMarkov, transition

Array = NDArray[np.float64]
END = "end"


@dataclass(frozen=True, slots=True)
class Waiting:
    """P(it has happened within `seconds[i]`) = `cdf[i]`; both (n,), seconds from 0. It may never happen: cdf then stays below 1."""

    seconds: Array
    cdf: Array

    def quantiles(self, levels: Sequence[float]) -> tuple[float | None, ...]:
        """Seconds at which each level is reached, between grid points by a straight line; None beyond the horizon."""
        return tuple(self._at(level) for level in levels)

    def mean_within(self) -> float:
        """Mean of min(time, horizon): the field's truncated time to come."""
        step = self.seconds[1] - self.seconds[0]
        return float(((1 - self.cdf[:-1]) + (1 - self.cdf[1:])).sum() * step / 2)

    def _at(self, level: float) -> float | None:
        place = int(np.searchsorted(self.cdf, level))
        if place == 0:
            return 0.0
        if place >= len(self.cdf):
            return None
        low, high = self.cdf[place - 1], self.cdf[place]
        return float(self.seconds[place - 1] + (level - low) / (high - low) * (self.seconds[place] - self.seconds[place - 1]))


def next_states(model: SemiMarkov, belief: Array) -> dict[str, float]:
    """Which state comes after the present one, `END` included; sums to 1."""
    shares = model.state_belief(belief) @ model.exits
    return {**dict(zip(model.names, shares.tolist(), strict=True)), END: max(0.0, 1 - float(shares.sum()))}


def next_cells(model: SemiMarkov, belief: Array) -> dict[tuple[str, str], float]:
    """Which (state, mode) comes after the present one, whether by a step inside the state or by leaving it; the end is left out."""
    places = belief.sum(axis=0)
    coming = np.zeros(len(model.cells))
    for cell in range(len(model.cells)):
        inside = model.cell_of == cell
        own = model.generator[np.ix_(inside, inside)] - np.diag(model.end_rates[inside])
        # mean time spent in each place of this cell before it is left, times the rates out of it
        spent = cast("Array", np.linalg.solve(-own.T, places[inside]))
        leaving = spent @ model.generator[inside]
        leaving[inside] = 0.0
        coming += np.bincount(model.cell_of, weights=leaving, minlength=len(model.cells))
    return dict(zip(model.cells, coming.tolist(), strict=True))


def time_to_state(model: SemiMarkov, belief: Array, name: str, horizon_seconds: float, step_seconds: float) -> Waiting:
    """When `name` is next under way; 0 where it is now. Never, where the whole ends first."""
    return _passage(model, belief, model.state_of == model.names.index(name), horizon_seconds, step_seconds)


def time_to_cell(model: SemiMarkov, belief: Array, cell: tuple[str, str], horizon_seconds: float, step_seconds: float) -> Waiting:
    """When (state, mode) is next under way; 0 where it is now."""
    return _passage(model, belief, model.cell_of == model.cells.index(cell), horizon_seconds, step_seconds)


def time_left(model: SemiMarkov, belief: Array, horizon_seconds: float, step_seconds: float) -> Waiting:
    """When the state that is under way now ends, whichever it is."""
    own = model.state_of[:, None] == model.state_of[None, :]
    inside = np.where(own, model.generator, 0.0) - np.diag(model.end_rates)
    return _absorbed(model, belief, inside, horizon_seconds, step_seconds)


def remaining(model: SemiMarkov, belief: Array, horizon_seconds: float, step_seconds: float) -> Waiting:
    """When the whole ends. Needs exits that end it: a model whose rows all sum to 1 never ends."""
    return _absorbed(model, belief, model.generator - np.diag(model.end_rates), horizon_seconds, step_seconds)


def _passage(model: SemiMarkov, belief: Array, wanted: NDArray[np.bool_], horizon: float, step: float) -> Waiting:
    outside = ~wanted
    rates = model.generator - np.diag(model.end_rates)
    moves = _kernel(model, rates[np.ix_(outside, outside)], step)
    arrive = rates[np.ix_(outside, wanted)].sum(axis=1)
    # the integral of the stay over one step, times the rate of arrival, is what arrives in it
    arriving = _arrivals(model, rates[np.ix_(outside, outside)], arrive, step)
    seconds = _grid(horizon, step)
    now, there = belief[:, outside], float(belief[:, wanted].sum())
    cdf = [there]
    for _ in seconds[1:]:
        there += float((now * arriving).sum())
        now = (now[:, None, :] @ moves)[:, 0, :]
        cdf.append(there)
    return Waiting(seconds, np.minimum(np.array(cdf), 1.0))


def _absorbed(model: SemiMarkov, belief: Array, inside: Array, horizon: float, step: float) -> Waiting:
    moves = _kernel(model, inside, step)
    seconds = _grid(horizon, step)
    now, left = belief, [float(belief.sum())]
    for _ in seconds[1:]:
        now = (now[:, None, :] @ moves)[:, 0, :]
        left.append(float(now.sum()))
    return Waiting(seconds, np.clip(1 - np.array(left), 0.0, 1.0))


def _grid(horizon: float, step: float) -> Array:
    if not 0 < step <= horizon:
        raise ValueError(f"a grid needs 0 < step <= horizon, got {step} and {horizon}")
    return np.arange(round(horizon / step) + 1, dtype=np.float64) * step


def _kernel(model: SemiMarkov, rates: Array, step: float) -> Array:
    return transition(rates, step / model.paces)


def _arrivals(model: SemiMarkov, rates: Array, arrive: Array, step: float) -> Array:
    """P(arrived within one step | place), shape (paces, outside): one more, absorbing, place makes the integral exact."""
    size = len(rates)
    joined = np.zeros((size + 1, size + 1))
    joined[:size, :size], joined[:size, size] = rates, arrive
    return transition(joined, step / model.paces)[:, :size, size]
