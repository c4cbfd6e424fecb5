"""What comes next: the filter's belief x successor shares for phases; order within the phase and time spent for steps.

Times to come, the next action and the hazards ahead are those of `outlook`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medgrpo.knowledge import INSTRUMENTS, PHASES, Phase, Procedure
from medgrpo.perception import Observation
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.evidence import evidence_of
from medgrpo.reasoning.interval_scaling import TimeKind, shipped_scaling
from medgrpo.reasoning.outlook import outlook_of
from medgrpo.reasoning.prediction import Waiting
from medgrpo.reasoning.records import ComingRisk, ComingTime, Forecast, Option
from medgrpo.reasoning.state import OperationState
from medgrpo.reasoning.tracking import OperationModel

Array = NDArray[np.float64]

BASIS = (
    "phases: the tracker's belief times the successor shares of the procedure file; steps: their order in the file, and how "
    "long the phase has lasted against its typical length at this operation's pace (design values, not statistics of surgery)"
)
TIMES_BASIS = (
    "times: the tracker's belief run forward through the procedure's semi-Markov model at this operation's pace; lengths of "
    "phases, shares of actions and the mean length of an action are design values, not statistics of surgery"
)
WIDENED = "; the intervals are widened by factors fitted on simulated cases, how many real times they hold was not measured"
INTERVAL = (0.1, 0.5, 0.9)


class Forecaster:
    """Writes a forecast when the most probable next phase or step changes."""

    def __init__(self, procedure: Procedure, settings: ReasonerConfig) -> None:
        config = settings.forecast
        self._procedure, self._config = procedure, config
        self._outlook = outlook_of(procedure, settings.phase, config)
        self._shares = np.zeros((len(PHASES), len(PHASES)))
        for phase in procedure.phases:
            for successor in phase.followed_by:
                self._shares[PHASES.index(phase.id), PHASES.index(successor.phase)] = successor.share
        self._last: tuple[str | None, str | None, str | None, str | None] | None = None
        self._last_seconds = -float("inf")

    def look(
        self, look: Observation, state: OperationState, belief: Array, step: str | None, operation: OperationModel
    ) -> list[Forecast]:
        """A forecast, when it says something new. `belief`: the phase tracker's, shape (7,); `operation`: its whole belief."""
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
        told = Forecast(look.seconds, options, BASIS, evidence, here.citations)
        return [self.with_times(told, phase, self._outlook.staged(operation.model, operation.joint), look)]

    def now(self, look: Observation, phase: str, state: OperationState, step: str | None, operation: OperationModel) -> Forecast:
        """The forecast as it stands at this look, whether it is new or not."""
        here = self._procedure.phase(phase)
        options = self.options(here, look.seconds - state.phase_since, state.pace, operation.phases, step)
        evidence = evidence_of(look, float(operation.phases[PHASES.index(phase)]))
        told = Forecast(look.seconds, options, BASIS, evidence, here.citations)
        return self.with_times(told, phase, self._outlook.staged(operation.model, operation.joint), look)

    def with_times(self, forecast: Forecast, phase: str, staged: Array, look: Observation) -> Forecast:
        """The same with the next action, the times to come, the time left and the hazards ahead."""
        config, outlook = self._config, self._outlook
        actions = sorted(outlook.next_actions(staged).items(), key=lambda one: (-one[1], one[0]))[: config.actions_told]
        ahead = [(one.id, outlook.to_phases(staged, (one.id,))) for one in self._procedure.phases if one.id != phase]
        at_work = (
            []
            if look.seen is None
            else [name for name, seen in zip(INSTRUMENTS, look.seen.instruments, strict=True) if seen >= config.instrument_seen]
        )
        times = [
            *(self._coming("phase", name, waiting) for name, waiting in ahead),
            *(self._coming("event", kind.value, outlook.to_event(staged, kind)) for kind in outlook.events),
            *(
                self._coming("instrument", name, outlook.to_instrument(staged, name))
                for name in outlook.instruments
                if name not in at_work
            ),
        ]
        middles = {one.id: one.middle_seconds for one in times if one.kind == "phase"}
        return replace(
            forecast,
            options=tuple(replace(option, in_seconds=middles.get(option.id)) for option in forecast.options),
            actions=tuple(Option("action", name, share, None) for name, share in actions if share >= config.smallest_probability),
            times=tuple(one for one in times if one.probability >= config.least_time_probability),
            remaining=self._coming("end", "operation", outlook.to_end(staged)),
            risks=self._risks_ahead(phase, staged),
            horizon_seconds=config.horizon_seconds,
            times_basis=TIMES_BASIS + WIDENED if config.widened_intervals else TIMES_BASIS,
        )

    def _risks_ahead(self, phase: str, staged: Array) -> tuple[ComingRisk, ...]:
        """Hazards of phases that are not under way but are to come, the nearest first."""
        found: list[ComingRisk] = []
        for hazard in self._procedure.hazards:
            if phase in hazard.phases or not hazard.phases:
                continue
            waiting = self._outlook.to_phases(staged, hazard.phases)
            low, middle, high = self._interval("phase", waiting)
            share = float(waiting.cdf[-1])
            if share >= self._config.least_risk_probability:
                found.append(ComingRisk(hazard.id, hazard.phases, share, low, middle, high, hazard.citations))
        return tuple(sorted(found, key=lambda one: (one.middle_seconds is None, one.middle_seconds or 0.0, one.hazard)))

    def _coming(self, kind: TimeKind, name: str, waiting: Waiting) -> ComingTime:
        return ComingTime(kind, name, float(waiting.cdf[-1]), *self._interval(kind, waiting))

    def _interval(self, kind: TimeKind, waiting: Waiting) -> tuple[float | None, float | None, float | None]:
        low, middle, high = waiting.quantiles(INTERVAL)
        if self._config.widened_intervals:
            low, high = shipped_scaling().factors[kind].ends(low, high, self._config.horizon_seconds)
        return low, middle, high

    def options(self, phase: Phase, spent_seconds: float, pace: float, belief: Array, step: str | None) -> tuple[Option, ...]:
        """Phases (which one is next) and steps (which one is next), each kind summing to at most 1, most probable first.

        Without times: `with_times` adds those of phases, so that a forecast knows one time for one thing.
        """
        shares = belief @ self._shares  # what is missing to 1 is the end of the operation
        total = float(shares.sum())
        middle = phase.typical_seconds[1] * pace
        options = [Option("phase", PHASES[place], float(share), None) for place, share in enumerate(shares)]
        leaving = spent_seconds / (spent_seconds + middle) if total > self._config.smallest_probability else 0.0
        options += [Option("step", name, share * (1 - leaving), None) for name, share in self._steps_here(phase, step)]
        for place, share in enumerate(shares):
            first = self._procedure.phase(PHASES[place]).steps[:1] if share > 0 else ()
            options += [Option("step", one.id, float(share) * leaving, None) for one in first]
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
