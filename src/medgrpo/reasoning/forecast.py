"""What comes next: the filter's belief x successor shares for phases; order within the phase and time spent for steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medgrpo.knowledge import PHASES, Phase, Procedure
from medgrpo.perception import Observation
from medgrpo.reasoning.config import ForecastConfig
from medgrpo.reasoning.evidence import evidence_of
from medgrpo.reasoning.records import Forecast, Option
from medgrpo.reasoning.state import OperationState

Array = NDArray[np.float64]

BASIS = (
    "phases: the tracker's belief times the successor shares of the procedure file; steps: their order in the file, and how "
    "long the phase has lasted against its typical length at this operation's pace (design values, not statistics of surgery)"
)


class Forecaster:
    """Writes a forecast when the most probable next phase or step changes."""

    def __init__(self, procedure: Procedure, config: ForecastConfig) -> None:
        self._procedure, self._config = procedure, config
        self._shares = np.zeros((len(PHASES), len(PHASES)))
        for phase in procedure.phases:
            for successor in phase.followed_by:
                self._shares[PHASES.index(phase.id), PHASES.index(successor.phase)] = successor.share
        self._last: tuple[str | None, str | None, str | None, str | None] | None = None
        self._last_seconds = -float("inf")

    def look(self, look: Observation, state: OperationState, belief: Array, step: str | None) -> list[Forecast]:
        """A forecast, when it says something new. `belief`: the phase tracker's, shape (7,)."""
        phase = state.phase
        if phase is None or look.seconds - self._last_seconds < self._config.minimum_interval_seconds:
            return []
        if self._last is not None and self._last[:2] == (phase, step):  # nothing that it depends on has settled anew
            return []
        here = self._procedure.phase(phase)
        options = self.options(here, look.seconds - state.phase_since, state.pace, belief, step)
        if not options:
            return []
        top = (phase, step, _top(options, "phase"), _top(options, "step"))
        changed = self._last is None or top[2:] != self._last[2:]
        self._last = top
        if not changed:
            return []
        self._last_seconds = look.seconds
        evidence = evidence_of(look, float(belief[PHASES.index(phase)]))
        return [Forecast(look.seconds, options, BASIS, evidence, here.citations)]

    def options(self, phase: Phase, spent_seconds: float, pace: float, belief: Array, step: str | None) -> tuple[Option, ...]:
        """Phases (which one is next) and steps (which one is next), each kind summing to at most 1, most probable first."""
        shares = belief @ self._shares  # what is missing to 1 is the end of the operation
        total = float(shares.sum())
        middle = phase.typical_seconds[1] * pace
        left = middle - spent_seconds if spent_seconds <= middle else None
        options = [Option("phase", PHASES[place], float(share), left) for place, share in enumerate(shares)]
        leaving = spent_seconds / (spent_seconds + middle) if total > self._config.smallest_probability else 0.0
        options += [Option("step", name, share * (1 - leaving), None) for name, share in self._steps_here(phase, step)]
        for place, share in enumerate(shares):
            first = self._procedure.phase(PHASES[place]).steps[:1] if share > 0 else ()
            options += [Option("step", one.id, float(share) * leaving, left) for one in first]
        kept = [option for option in options if option.probability >= self._config.smallest_probability]
        return tuple(sorted(kept, key=lambda option: (-option.probability, option.kind, option.id)))

    def _steps_here(self, phase: Phase, step: str | None) -> list[tuple[str, float]]:
        names = [one.id for one in phase.steps]
        place = names.index(step) + 1 if step in names else 0
        others = [name for name in names if name != step]
        if not others:
            return []
        if place >= len(names):
            return [(name, 1 / len(others)) for name in others]
        rest = [name for name in others if name != names[place]]
        first = self._config.next_in_order_share if rest else 1.0
        return [(names[place], first), *((name, (1 - first) / len(rest)) for name in rest)]


def _top(options: tuple[Option, ...], kind: str) -> str | None:
    return next((option.id for option in options if option.kind == kind), None)
