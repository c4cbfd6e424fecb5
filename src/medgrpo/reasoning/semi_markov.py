"""A hidden semi-Markov model with explicit durations, hierarchical, and exact. Pure: numbers in, numbers out.

Every state lasts for a Coxian time: a chain of `stages` exponential stages (an Erlang time), each of which may be left early by a
small share. Inside a state a Markov chain runs over its modes (steps inside a phase). The whole operation has a hidden pace: all
rates are divided by it. The product (pace, state, stage, mode) is a continuous-time Markov chain, so prediction is exact by
uniformisation (Jensen 1953; from general knowledge) and filtering is a plain forward pass: no duration is truncated.

A belief has shape (paces, places); a place is one (state, stage, mode); a cell is one (state, mode). docs/reasoning.md has the
formulas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medgrpo.reasoning.durations import Duration

Array = NDArray[np.float64]
Places = NDArray[np.intp]
TAIL = 1e-12  # probability that a prediction may neglect


@dataclass(frozen=True, slots=True)
class Modes:
    """What goes on inside a state: names, rates of change per second (m, m; the diagonal is ignored) and shares on entry (m,)."""

    names: tuple[str, ...]
    rates_per_second: Array
    entry: Array

    def __post_init__(self) -> None:
        count = len(self.names)
        if self.rates_per_second.shape != (count, count) or self.entry.shape != (count,):
            raise ValueError(f"{count} modes need rates of shape ({count}, {count}) and entry shares of shape ({count},)")
        if not (self.rates_per_second >= 0).all() or not (self.entry >= 0).all() or abs(self.entry.sum() - 1) > TAIL**0.5:
            raise ValueError("rates of modes are not negative and their entry shares sum to 1")


ONE_MODE = Modes(("",), np.zeros((1, 1)), np.ones(1))


@dataclass(frozen=True, slots=True)
class State:
    """One state: its name, how long it lasts, and what goes on inside it."""

    name: str
    duration: Duration
    modes: Modes = ONE_MODE


class SemiMarkov:
    """The compiled model. `exits` (s, s): share of the ways out of each state; what is missing to 1 ends the whole.

    `initial` (s,): belief at the start; `fresh`: names of states that have only just begun then, the others may be anywhere in
    their course. ValueError where shares do not fit.
    """

    def __init__(
        self,
        states: Sequence[State],
        exits: Array,
        initial: Array,
        *,
        fresh: Sequence[str] = (),
        paces: Sequence[float] = (1.0,),
        pace_prior: Sequence[float] = (1.0,),
        early_share: float = 0.0,
    ) -> None:
        count = len(states)
        if exits.shape != (count, count) or initial.shape != (count,):
            raise ValueError(f"{count} states need exits of shape ({count}, {count}) and an initial belief of shape ({count},)")
        if not (exits >= 0).all() or exits.diagonal().any() or (exits.sum(axis=1) > 1 + TAIL**0.5).any():
            raise ValueError("exits are not negative, sum to at most 1 in each row, and no state follows itself")
        if abs(initial.sum() - 1) > TAIL**0.5 or abs(sum(pace_prior) - 1) > TAIL**0.5 or len(paces) != len(pace_prior):
            raise ValueError("initial beliefs and pace shares sum to 1, and every pace has a share")
        if not all(pace > 0 for pace in paces) or not 0 <= early_share < 1:
            raise ValueError("paces are positive and the early share lies in [0, 1)")
        self.states = tuple(states)
        self.names = tuple(state.name for state in states)
        self.exits = exits
        self.paces: Array = np.array(paces, dtype=np.float64)
        self._pace_prior: Array = np.array(pace_prior, dtype=np.float64)
        self._early = early_share
        self.cells = tuple((state.name, mode) for state in states for mode in state.modes.names)
        place = [
            (number, stage, mode)
            for number, state in enumerate(states)
            for stage in range(state.duration.stages)
            for mode in range(len(state.modes.names))
        ]
        first_cell = np.concatenate([[0], np.cumsum([len(state.modes.names) for state in states])])
        self.state_of: Places = np.array([number for number, _, _ in place], dtype=np.intp)
        self.cell_of: Places = np.array([first_cell[number] + mode for number, _, mode in place], dtype=np.intp)
        stages = np.cumsum([0, *(state.duration.stages for state in states)])
        self.stage_of: Places = np.array([stages[number] + stage for number, stage, _ in place], dtype=np.intp)
        self.state_of_cell: Places = np.repeat(np.arange(count), [len(state.modes.names) for state in states])
        self._place = {where: index for index, where in enumerate(place)}
        self.generator, self.end_rates = self._rates()
        self.initial: Array = np.outer(self._pace_prior, self._start(initial, set(fresh)))
        self._per_stage: Array = np.eye(int(stages[-1]))[self.stage_of]
        self._per_state: Array = np.eye(count)[self.state_of]
        self._per_cell: Array = np.eye(len(self.cells))[self.cell_of]

    def _rates(self) -> tuple[Array, Array]:
        size = len(self._place)
        rates, ends = np.zeros((size, size)), np.zeros(size)
        for (number, stage, mode), here in self._place.items():
            state = self.states[number]
            rate = state.duration.stage_rate(self._early)
            last = stage == state.duration.stages - 1
            leaving = rate if last else rate * self._early
            if not last:
                rates[here, self._place[number, stage + 1, mode]] += rate - leaving
            for other, share in enumerate(self.exits[number]):
                for entered, entry in enumerate(self.states[other].modes.entry):
                    rates[here, self._place[other, 0, entered]] += leaving * share * entry
            ends[here] = leaving * max(0.0, 1 - float(self.exits[number].sum()))
            for other, switch in enumerate(state.modes.rates_per_second[mode]):
                if other != mode:
                    rates[here, self._place[number, stage, other]] += switch
        np.fill_diagonal(rates, 0.0)
        np.fill_diagonal(rates, -rates.sum(axis=1))
        return rates, ends

    def _start(self, initial: Array, fresh: set[str]) -> Array:
        belief = np.zeros(len(self._place))
        for (number, stage, mode), here in self._place.items():
            state = self.states[number]
            share = float(stage == 0) if state.name in fresh else 1 / state.duration.stages
            belief[here] = initial[number] * share * state.modes.entry[mode]
        return belief

    def predict(self, belief: Array, seconds: float) -> Array:
        """The belief `seconds` later, nothing being seen meanwhile and the whole going on; shape (paces, places)."""
        if seconds <= 0:
            return belief
        jumps = self._fastest * seconds / self.paces
        if jumps.max() > 30:  # one long dark stretch: in parts, so that no weight underflows
            return self.predict(self.predict(belief, seconds / 2), seconds / 2)
        weight = np.exp(-jumps)
        left = 1 - weight
        moved = belief * weight[:, None]
        term, count = belief, 0
        while left.max() > TAIL:
            count += 1
            weight = weight * jumps / count
            left = left - weight
            term = term @ self._jump
            moved += term * weight[:, None]
            if count > 200:  # rounding may keep `left` above the tail
                break
        return moved / moved.sum()

    def update_modes(self, belief: Array, log_cells: Array) -> Array:
        """The belief after evidence (cells,) that tells modes apart and nothing else: pace, state and stage keep their belief."""
        weighed = belief * np.exp(log_cells - log_cells.max())[self.cell_of]
        before, after = belief @ self._per_stage, weighed @ self._per_stage
        ratio = np.divide(before, after, out=np.zeros_like(before), where=after > 0)
        return weighed * ratio[:, self.stage_of]

    def update(self, belief: Array, log_cells: Array) -> tuple[Array, float]:
        """The belief after evidence, shape (cells,) of log likelihoods, and the log likelihood of that evidence."""
        top = float(log_cells.max())
        weighed = belief * np.exp(log_cells - top)[self.cell_of]
        total = float(weighed.sum())
        return weighed / total, math.log(total) + top

    def state_belief(self, belief: Array) -> Array:
        """Shape (states,), sums to 1."""
        return belief.sum(axis=0) @ self._per_state

    def cell_belief(self, belief: Array) -> Array:
        """Shape (cells,), sums to 1."""
        return belief.sum(axis=0) @ self._per_cell

    def pace_belief(self, belief: Array) -> Array:
        """Shape (paces,), sums to 1."""
        return belief.sum(axis=1)

    def known(self, name: str, spent_seconds: float = 0.0, pace: Array | None = None) -> Array:
        """The belief of one who knows that `name` has been under way for `spent_seconds`; `pace` (paces,) or the prior."""
        belief = np.zeros_like(self.initial)
        number = self.names.index(name)
        weights = self._pace_prior if pace is None else pace
        for mode, entry in enumerate(self.states[number].modes.entry):
            belief[:, self._place[number, 0, mode]] = weights * entry
        inside = self.state_of == number
        if spent_seconds > 0:
            stay = transition(self.generator[np.ix_(inside, inside)], spent_seconds / self.paces)
            stayed = (belief[:, inside][:, None, :] @ stay)[:, 0, :]
            belief[:, inside] = stayed
        return belief / belief.sum()

    def kernel(self, seconds: float) -> Array:
        """How places move in `seconds`, shape (paces, places, places), the whole going on."""
        return transition(self.generator, seconds / self.paces)

    @cached_property
    def _fastest(self) -> float:
        return max(float(-self.generator.diagonal().min()), 1e-12)

    @cached_property
    def _jump(self) -> Array:
        return np.eye(len(self.generator)) + self.generator / self._fastest


def transition(generator: Array, seconds: Array) -> Array:
    """exp(generator * t) for every t of `seconds` (p,): shape (p, n, n). By uniformisation of a short time and squaring."""
    fastest = max(float(-generator.diagonal().min()), 1e-12)
    size = len(generator)
    halvings = max(0, math.ceil(math.log2(max(float(seconds.max()) * fastest, 1e-300)))) if seconds.max() > 0 else 0
    short = seconds * fastest / 2.0**halvings
    jump = np.eye(size) + generator / fastest
    weight = np.exp(-short)
    whole = weight[:, None, None] * np.eye(size)
    power = np.eye(size)
    for count in range(1, 30):  # short <= 1: the tail after 20 terms is below 1e-18
        weight = weight * short / count
        power = power @ jump
        whole = whole + weight[:, None, None] * power
        if weight.max() < TAIL * 1e-4:
            break
    for _ in range(halvings):
        whole = whole @ whole
    return whole
