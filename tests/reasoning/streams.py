"""Scripted truth -> noisy observations, as a calibrated but over-confident perception would give them. Deterministic by seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from medgrpo.core import Box
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Domain, Observation, Seen, Tip, View, ViewState

INDEX = {triplet.name: triplet for triplet in TRIPLETS}
CLEAR_VIEW = View(ViewState.INSIDE, 0.5, 0.5, 0.1, 0.02)


@dataclass(frozen=True)
class Part:
    """What holds from `start` to `end`: a phase, or an action, or a view, or blood, or a reason why nothing is assessed."""

    start: float
    end: float
    phase: str | None = None
    action: str | None = None
    state: ViewState | None = None
    blood: float | None = None
    not_assessed: str | None = None
    tips: bool = True


@dataclass(frozen=True)
class Script:
    """A truth over time; later parts win."""

    parts: tuple[Part, ...]
    seconds: float
    rate: float = 3.0
    noise: float = 0.0
    seed: int = 0
    domain: Domain = Domain.SIMULATED
    certainty: float = 0.85
    times: tuple[float, ...] = field(default=())

    def observations(self) -> Iterator[Observation]:
        random = np.random.default_rng(self.seed)
        drift = np.zeros(len(PHASES))
        times = self.times or tuple(float(place / self.rate) for place in range(int(self.seconds * self.rate) + 1))
        for seconds in times:
            now = [part for part in self.parts if part.start <= seconds < part.end]
            drift = 0.8 * drift + 0.6 * random.normal(size=len(PHASES))  # neighbouring looks err alike
            yield self.look(seconds, now, random, drift)

    def look(self, seconds: float, now: list[Part], random: np.random.Generator, drift: np.ndarray) -> Observation:
        view = CLEAR_VIEW
        for part in now:
            if part.state is not None:
                view = replace(view, state=part.state)
            if part.blood is not None:
                view = replace(view, blood_fraction=part.blood)
        reason = next((part.not_assessed for part in reversed(now) if part.not_assessed is not None), None)
        if reason is not None:
            return Observation(seconds, view, self.domain, None, reason, "scripted")
        phase = next((part.phase for part in reversed(now) if part.phase is not None), None)
        logits = self.noise * 3 * drift
        if phase is not None:
            rest = (1 - self.certainty) / (len(PHASES) - 1)
            truth = np.full(len(PHASES), rest)
            truth[PHASES.index(phase)] = self.certainty
            logits = logits + np.log(truth)
        phases = np.exp(logits - logits.max())
        actions = [INDEX[part.action] for part in now if part.action is not None]
        tips = tuple(
            Tip(triplet.instrument, Box(0.4, 0.4, 0.6, 0.6), 0.9)
            for part in now
            if part.action is not None and part.tips
            for triplet in [INDEX[part.action]]
        )
        seen = Seen(
            instruments=self._row(INSTRUMENTS, {triplet.instrument for triplet in actions}, random),
            verbs=self._row(VERBS, {triplet.verb for triplet in actions}, random),
            targets=self._row(TARGETS, {triplet.target for triplet in actions}, random),
            triplets=self._row(tuple(INDEX), {triplet.name for triplet in actions}, random),
            phases=tuple((phases / phases.sum()).tolist()),
            tips=tips,
        )
        return Observation(seconds, view, self.domain, seen, None, "scripted")

    def _row(self, names: tuple[str, ...], present: set[str], random: np.random.Generator) -> tuple[float, ...]:
        clean = np.array([self.certainty if name in present else 0.03 for name in names])
        logits = np.log(clean / (1 - clean)) + self.noise * 2 * random.normal(size=len(names))
        return tuple((1 / (1 + np.exp(-logits))).tolist())


PLAN = (
    ("preparation", 25.0, ("grasper,retract,gallbladder", "grasper,grasp,gallbladder")),
    ("carlot-triangle-dissection", 90.0, ("hook,dissect,gallbladder", "hook,dissect,cystic_duct", "hook,dissect,cystic_plate")),
    ("clipping-and-cutting", 60.0, ()),
    ("gallbladder-dissection", 80.0, ("hook,dissect,gallbladder", "bipolar,coagulate,liver")),
    ("gallbladder-packaging", 30.0, ("grasper,grasp,specimen_bag", "grasper,pack,gallbladder")),
    ("cleaning-and-coagulation", 40.0, ("irrigator,aspirate,fluid", "grasper,retract,liver")),
    ("gallbladder-extraction", 25.0, ("grasper,grasp,specimen_bag",)),
)
ACTS = (
    ("clipper,clip,cystic_duct", 5.0),
    ("clipper,clip,cystic_duct", 13.0),
    ("clipper,clip,cystic_artery", 21.0),
    ("scissors,cut,cystic_duct", 32.0),
    ("scissors,cut,cystic_artery", 44.0),
)


def operation(
    acts: tuple[tuple[str, float], ...] = ACTS, act_seconds: float = 4.0, first: int = 0, calot_seconds: float = 90.0
) -> list[Part]:
    """A short whole operation of 350 s; `acts` are moments within clipping and division; `first` leaves earlier phases out."""
    parts: list[Part] = []
    at = 0.0
    for name, length, actions in PLAN[first:]:
        seconds = calot_seconds if name == "carlot-triangle-dissection" else length
        parts.append(Part(at, at + seconds, phase=name))
        for place, action in enumerate(actions):
            share = seconds / len(actions)
            parts.append(Part(at + place * share, at + (place + 1) * share - 3, action=action))
        if name == "clipping-and-cutting":
            parts += [Part(at + moment, at + moment + act_seconds, action=action) for action, moment in acts]
        at += seconds
    return parts


def end_of(parts: list[Part]) -> float:
    return max(part.end for part in parts)


def of_case(case: object, rate: float = 3.0, noise: float = 0.5, seed: int = 0, tip_recall: float = 0.7) -> Iterator[Observation]:
    """A simulated case's truth as noisy perception: what a look without a picture of the site cannot see is not assessed."""
    random = np.random.default_rng(seed)
    script = Script((), 0.0, noise=noise)
    drift = np.zeros(len(PHASES))
    last = case.script.duration_seconds  # type: ignore[attr-defined]
    for place in range(int(last * rate)):
        seconds = place / rate
        truth = case.truth_at(seconds)  # type: ignore[attr-defined]
        drift = 0.8 * drift + 0.6 * random.normal(size=len(PHASES))
        state = ViewState(truth.view.value)
        blood = max(0.0, truth.blood_fraction * 0.7 + 0.03 + 0.005 * float(random.normal()))
        view = View(state, 0.5, 0.5, truth.smoke, min(1.0, blood))
        if state in (ViewState.OUTSIDE, ViewState.BLACK):
            reason = f"camera view is {state.value}"
            yield Observation(seconds, view, Domain.SIMULATED, None, reason, "scripted")
            continue
        parts = [Part(0, 1, phase=truth.phase)]
        parts += [Part(0, 1, action=tip.triplet.name, tips=bool(random.random() < tip_recall)) for tip in truth.tips]
        yield replace(script.look(seconds, parts, random, drift), view=view)
