"""The procedure as a semi-Markov model: phases are states, their recognisable steps modes. Formulas: docs/reasoning.md."""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import InputError
from medgrpo.knowledge import PHASES, TRIPLETS, Phase, Procedure
from medgrpo.perception import Seen
from medgrpo.reasoning.config import PhaseConfig, StepConfig
from medgrpo.reasoning.durations import fit_duration
from medgrpo.reasoning.semi_markov import Modes, SemiMarkov, State

Array = NDArray[np.float64]
NO_STEP = ""  # the mode in which none of the phase's recognisable steps is being done

_TRIPLET_INDEX = {triplet.name: triplet.index for triplet in TRIPLETS}


def procedure_model(procedure: Procedure, phase: PhaseConfig, step: StepConfig | None) -> SemiMarkov:
    """The model of a whole operation, its states in the order of `procedure.phases`. `step=None` leaves the steps out.

    InputError when a phase is none that perception can tell (CholecT50's).
    """
    unknown = [one.id for one in procedure.phases if one.id not in PHASES]
    if unknown:
        raise InputError(f"{procedure.id}: perception cannot see the phase {unknown[0]!r}: it knows {', '.join(PHASES)}")
    states = [
        State(one.id, fit_duration(*one.typical_seconds), _modes(one, step) if step is not None else _modes(one, StepConfig(), ()))
        for one in procedure.phases
    ]
    return SemiMarkov(
        states,
        _exits(procedure, phase.unexpected_share),
        _initial(len(states), phase.first_phase_prior),
        fresh=(states[0].name,),
        paces=phase.paces,
        pace_prior=phase.pace_shares,
        early_share=phase.early_share,
    )


def _exits(procedure: Procedure, unexpected_share: float) -> Array:
    """Shape (phases, phases): named successors share 1 - u, all other phases share u; the last phase's 1 - u is the end."""
    names = [phase.id for phase in procedure.phases]
    exits = np.zeros((len(names), len(names)))
    for row, phase in enumerate(procedure.phases):
        named = {names.index(successor.phase): successor.share for successor in phase.followed_by}
        others = [column for column in range(len(names)) if column != row and column not in named]
        unexpected = unexpected_share if others else 0.0
        for column, share in named.items():
            exits[row, column] = (1 - unexpected) * share
        for column in others:
            exits[row, column] = unexpected / len(others)
    return exits


def _initial(count: int, first: float) -> Array:
    if count == 1:
        return np.ones(1)
    return np.array([first] + [(1 - first) / (count - 1)] * (count - 1))


def _modes(phase: Phase, config: StepConfig, names: tuple[str, ...] | None = None) -> Modes:
    """None of the steps, and each step that an action shows. A step gives way to the next in order more often than to the rest."""
    steps = tuple(step.id for step in phase.steps if step.seen_by) if names is None else names
    count = len(steps) + 1
    entry = np.full(count, config.known_share / max(1, len(steps)))
    entry[0] = 1 - config.known_share if steps else 1.0
    shares = np.zeros((count, count))
    for row in range(count):
        others = [column for column in range(count) if column != row]
        following = row + 1 if row + 1 < count else None
        for column in others:
            shares[row, column] = 1 / len(others)
        if following is not None and len(others) > 1:
            shares[row] *= (1 - config.next_in_order_share) / (1 - shares[row, following])
            shares[row, following] = config.next_in_order_share
    dwell = fit_duration(*phase.typical_seconds).mean_seconds / (config.visits * max(1, len(steps)))
    return Modes((NO_STEP, *steps), shares / dwell, entry)


class Emissions:
    """From what a look shows to the log likelihood of every cell, per second of evidence."""

    def __init__(self, procedure: Procedure, model: SemiMarkov, uncertainty: float, step: StepConfig) -> None:
        self._uncertainty, self._step = uncertainty, step
        self._phase = np.array([PHASES.index(phase.id) for phase in procedure.phases])
        seen_by = {(phase.id, one.id): one.seen_by for phase in procedure.phases for one in phase.steps}
        triplets = [[_TRIPLET_INDEX[name] for name in seen_by.get(cell, ())] for cell in model.cells]
        self._is_step = np.array([bool(places) for places in triplets])
        width = max(1, *(len(places) for places in triplets))
        self._triplets = np.array([(places + places[:1] * width)[:width] if places else [0] * width for places in triplets])
        self._neutral = log(step.neutral_score / (1 - step.neutral_score))

    def phases(self, seen: Seen) -> Array:
        """Shape (phases,): log of the phase probabilities, a share of uniform mixed in."""
        given = np.asarray(seen.phases)[self._phase]
        return np.log((1 - self._uncertainty) * given + self._uncertainty / len(given))

    def steps(self, smoothed: Array) -> Array:
        """Shape (cells,): log odds of each step's smoothed action scores (100,) over the neutral score; 0 for no step."""
        best = np.clip(smoothed[self._triplets].max(axis=1), 1e-6, 1 - 1e-6)
        odds = np.log(best / (1 - best)) - self._neutral
        most = self._step.largest_log_odds
        return np.where(self._is_step, np.clip(odds, -most, most), 0.0)


class OperationModel:
    """The exact causal filter: phase, stage, step and pace together. Feed looks in order of time."""

    def __init__(self, procedure: Procedure, phase: PhaseConfig, step: StepConfig) -> None:
        self.model = procedure_model(procedure, phase, step)
        self._emissions = Emissions(procedure, self.model, phase.uncertainty, step)
        self._places = np.array([PHASES.index(name) for name in self.model.names])
        self._phase, self._step_weight = phase, step.evidence_per_second
        self._real_looks = 0
        self._belief = self.model.initial

    @property
    def joint(self) -> Array:
        """The whole belief, shape (paces, places): what `prediction` asks for."""
        return self._belief

    @property
    def phases(self) -> Array:
        """Shape (7,), in the order of PHASES; phases that the procedure does not have hold 0."""
        belief = np.zeros(len(PHASES))
        belief[self._places] = self.model.state_belief(self._belief)
        return belief

    def steps(self, phase_id: str) -> dict[str, float]:
        """Belief of each recognisable step, given that this phase is under way; `NO_STEP` among them. Sums to 1."""
        cells = self.model.cell_belief(self._belief)
        inside = {mode: float(cells[place]) for place, (name, mode) in enumerate(self.model.cells) if name == phase_id}
        total = sum(inside.values())
        return {mode: share / total if total > 0 else 1 / len(inside) for mode, share in inside.items()}

    @property
    def pace(self) -> float:
        """Mean of the paces in log time: below 1 the operation goes faster than typical."""
        return float(np.exp(self.model.pace_belief(self._belief) @ np.log(self.model.paces)))

    def wait(self, seconds: float) -> None:
        """Time passes and nothing is seen."""
        self._belief = self.model.predict(self._belief, seconds)

    def look(self, seen: Seen, smoothed: Array, elapsed_seconds: float, *, real: bool = False) -> Array:
        """Move on by `elapsed_seconds` and weigh one look; its weighed log likelihoods of the phases, shape (7,).

        `real`: of a real operation, whose looks err together for long.
        """
        self.wait(elapsed_seconds)
        phases = self._emissions.phases(seen) * self._weight(elapsed_seconds, real)
        steps = self._emissions.steps(smoothed) * (self._step_weight * elapsed_seconds)
        self._belief, _ = self.model.update(self._belief, phases[self.model.state_of_cell])
        # the actions come from the same picture as the phase probabilities: they may tell the steps of one phase apart, no more
        self._belief = self.model.update_modes(self._belief, steps)
        evidence = np.full(len(PHASES), phases.min())
        evidence[self._places] = phases
        return evidence

    def _weight(self, elapsed_seconds: float, real: bool) -> float:
        """How many independent looks this one counts as."""
        if not real:
            return self._phase.evidence_per_second * elapsed_seconds
        self._real_looks += 1
        return self._phase.real_first_look if self._real_looks == 1 else self._phase.real_evidence_per_second * elapsed_seconds
