"""When each phase, instrument and key event comes, which action begins next, how long the rest lasts: from one belief, exactly.

Phases follow the semi-Markov model of `tracking` without its steps, which do not change when phases end. An action begins in a
phase at the rate share / `action_seconds`, share being its part of the phase's action time in the procedure file; an instrument or
a key event comes with the first action that shows it. All of it passes at the operation's pace. Durations, shares and rates are
design values of the procedure file, not statistics of surgery.

Answers are linear in the belief: P(by t) = sum of belief x table, the tables worked out once. 0 means that it is under way now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from medgrpo.knowledge import TRIPLETS, Procedure
from medgrpo.reasoning.config import ForecastConfig, PhaseConfig
from medgrpo.reasoning.prediction import Waiting
from medgrpo.reasoning.records import EventKind
from medgrpo.reasoning.semi_markov import SemiMarkov, transition
from medgrpo.reasoning.tracking import procedure_model

Array = NDArray[np.float64]
KEY_EVENTS: dict[EventKind, tuple[tuple[str, ...], tuple[str, ...] | None]] = {
    EventKind.CLIP_APPLIED: (("clip",), None),
    EventKind.STRUCTURE_DIVIDED: (("cut",), ("cystic_duct", "cystic_artery", "cystic_pedicle", "blood_vessel")),
    EventKind.BAG_USED: (("grasp", "pack"), ("specimen_bag",)),
}
"""Verbs and targets (None: any) whose action is taken for the event; bleeding and loss of view follow no plan and are left out."""

_BY_NAME = {triplet.name: triplet for triplet in TRIPLETS}


class Outlook:
    """Tables for one procedure. Beliefs are the whole model's, shape (paces, places), as `OperationModel.joint`."""

    def __init__(self, procedure: Procedure, phase: PhaseConfig, config: ForecastConfig) -> None:
        self._procedure, self._config = procedure, config
        self._model = procedure_model(procedure, phase, None)
        self._rates = self._model.generator - np.diag(self._model.end_rates)
        self._tables: dict[tuple[str, ...], Array] = {}
        self.instruments = tuple(sorted({_BY_NAME[one.triplet].instrument for part in procedure.phases for one in part.actions}))
        self.events = tuple(kind for kind in KEY_EVENTS if self._onsets(_shows(kind)).any())
        fine, coarse = config.fine_step_seconds, config.coarse_step_seconds
        self.seconds: Array = np.concatenate(
            [
                np.arange(0.0, config.fine_until_seconds, fine),
                np.arange(config.fine_until_seconds, config.horizon_seconds + coarse / 2, coarse),
            ]
        )

    @property
    def places(self) -> int:
        """How many (phase, stage) there are."""
        return len(self._rates)

    def staged(self, model: SemiMarkov, belief: Array) -> Array:
        """The belief of the whole model with its steps left out: shape (paces, stages of all phases)."""
        stages = np.zeros((len(belief), len(self._rates)))
        for row, part in zip(stages, belief, strict=True):
            row += np.bincount(model.stage_of, weights=part, minlength=len(row))
        return stages

    def to_phases(self, staged: Array, phases: Sequence[str]) -> Waiting:
        """When any of these phases is under way."""
        places = np.isin(self._model.state_of, [self._model.names.index(name) for name in phases])
        return self._waiting(staged, ("phase", *phases), lambda: (self._rates, places, np.zeros(len(places))))

    def to_instrument(self, staged: Array, instrument: str) -> Waiting:
        """When that instrument is next seen at work."""
        return self._waiting(staged, ("instrument", instrument), lambda: self._by_action(lambda name: _tool(name) == instrument))

    def to_event(self, staged: Array, kind: EventKind) -> Waiting:
        """When that key event next happens."""
        return self._waiting(staged, ("event", kind.value), lambda: self._by_action(_shows(kind)))

    def to_end(self, staged: Array) -> Waiting:
        """When the operation ends."""
        return self._waiting(
            staged, ("end",), lambda: (self._rates, np.zeros(len(self._rates), dtype=np.bool_), self._model.end_rates)
        )

    def next_actions(self, staged: Array) -> dict[str, float]:
        """P(this action is the next to begin); what is missing to 1 is the end without any."""
        shares = staged.sum(axis=0) @ self._next_action
        return dict(zip(self._actions, shares.tolist(), strict=True))

    def _waiting(
        self, staged: Array, key: tuple[str, ...], target: Callable[[], tuple[Array, NDArray[np.bool_], Array]]
    ) -> Waiting:
        if key not in self._tables:
            self._tables[key] = self._table(*target())
        return Waiting(self.seconds, np.clip(np.tensordot(staged, self._tables[key], axes=2), 0.0, 1.0))

    def _table(self, rates: Array, arrived: NDArray[np.bool_], arrive: Array) -> Array:
        """P(arrived by each time | pace, place), shape (paces, places, times): at `arrived` places, or by the rates `arrive`."""
        size = len(rates)
        joined = np.zeros((size + 1, size + 1))
        joined[:size, :size], joined[:size, size] = rates, arrive
        joined[:size][arrived] = 0.0
        now = np.zeros((len(self._model.paces), size + 1))
        now[:, size] = 1.0
        now[:, :size][:, arrived] = 1.0
        found, before = [now], 0.0
        moves: dict[float, Array] = {}
        for seconds in self.seconds[1:].tolist():
            step = round(seconds - before, 6)
            if step not in moves:
                moves[step] = transition(joined, step / self._model.paces)
            now, before = (moves[step] @ now[:, :, None])[:, :, 0], seconds
            found.append(now)
        return np.stack(found, axis=2)[:, :size]

    def _by_action(self, wanted: Callable[[str], bool]) -> tuple[Array, NDArray[np.bool_], Array]:
        onset = self._onsets(wanted)
        return self._rates - np.diag(onset), np.zeros(len(onset), dtype=np.bool_), onset

    def _onsets(self, wanted: Callable[[str], bool]) -> Array:
        """Shape (places,): rate per second at which such an action begins."""
        shares = [sum(one.share for one in part.actions if wanted(one.triplet)) for part in self._procedure.phases]
        return np.array(shares, dtype=np.float64)[self._model.state_of] / self._config.action_seconds

    @cached_property
    def _actions(self) -> tuple[str, ...]:
        return tuple(sorted({one.triplet for part in self._procedure.phases for one in part.actions}))

    @cached_property
    def _next_action(self) -> Array:
        """Shape (places, actions). Every rate is divided by the pace alike, so the order of things does not depend on it."""
        onsets = np.stack([self._onsets(lambda name, one=one: name == one) for one in self._actions], axis=1)
        solved: Array = np.linalg.solve(np.diag(onsets.sum(axis=1)) - self._rates, onsets).astype(np.float64)
        return solved


def outlook_of(procedure: Procedure, phase: PhaseConfig, config: ForecastConfig) -> Outlook:
    """The outlook with its tables ready; equal arguments share one, for it keeps nothing of an operation."""
    return _ready(procedure.model_dump_json(), phase.model_dump_json(), config.model_dump_json())


@lru_cache(maxsize=8)
def _ready(procedure_json: str, phase_json: str, config_json: str) -> Outlook:
    procedure = Procedure.model_validate_json(procedure_json)
    phase, config = PhaseConfig.model_validate_json(phase_json), ForecastConfig.model_validate_json(config_json)
    outlook = Outlook(procedure, phase, config)
    nothing = np.zeros((len(phase.paces), outlook.places))
    outlook.to_end(nothing)
    outlook.next_actions(nothing)
    for part in procedure.phases:
        outlook.to_phases(nothing, (part.id,))
    for hazard in procedure.hazards:
        outlook.to_phases(nothing, hazard.phases)
    for instrument in outlook.instruments:
        outlook.to_instrument(nothing, instrument)
    for kind in outlook.events:
        outlook.to_event(nothing, kind)
    return outlook


def _tool(name: str) -> str:
    return _BY_NAME[name].instrument


def _shows(kind: EventKind) -> Callable[[str], bool]:
    verbs, targets = KEY_EVENTS[kind]

    def shows(name: str) -> bool:
        triplet = _BY_NAME[name]
        return triplet.verb in verbs and (targets is None or triplet.target in targets)

    return shows
