"""Forecasts of phases in whole operation: scripts of held-out cases with deviations, seen through noise, tracked, and forecast.

Every forecaster gets the same causal past: the phases that the Reasoner had settled by then. Its own forecast rests on the
design values of the procedure file; the others were learned from the scripts of other cases (true phases, no noise).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.evaluation.forecast import ERRORS, inside, over_classes, time_errors
from medgrpo.evaluation.forecast_courses import SIMULATED_PROCEDURE, Courses, course_of, simulated_case
from medgrpo.evaluation.forecast_measure import AHEAD_SECONDS, GRID_SECONDS, HORIZONS_SECONDS, MOMENT_STEP_SECONDS, quantile
from medgrpo.evaluation.observing import case_truths, noise_level, observe
from medgrpo.knowledge import PHASES, load_procedure
from medgrpo.perception import Observation
from medgrpo.reasoning import (
    Analogues,
    Anticipator,
    ClassMeans,
    Course,
    FirstOrderMarkov,
    Forecast,
    LastSeen,
    Reasoner,
    Stretch,
    moments_at,
    outcomes_at,
)

Array = NDArray[np.float64]
REASONER = "reasoner, design values"


def evaluate_reasoner(courses: Courses, seeds: range, noise: str) -> dict[str, Any]:
    """Figures by forecaster: next phase top-1, wMAE and its parts, time left, coverage. Times in seconds."""
    labels = len(PHASES)
    models: dict[str, Anticipator] = {
        "last seen": LastSeen(labels),
        "class means": ClassMeans(courses.train, labels, HORIZONS_SECONDS[-1], MOMENT_STEP_SECONDS),
        "first-order Markov": FirstOrderMarkov(courses.train, labels),
        "ours, learned": Analogues(courses.train, labels, AHEAD_SECONDS),
    }
    names = [*models, REASONER]
    errors: dict[tuple[str, str], list[Array]] = {}
    hits: dict[str, list[bool]] = {name: [] for name in names}
    left: dict[str, list[float]] = {name: [] for name in names}
    held: list[bool] = []
    moments = 0
    for seed in seeds:
        case = simulated_case(seed)
        truth = course_of(case.script, seed)
        said: dict[str, list[Array]] = {name: [] for name in names}
        true: list[Array] = []
        for past, now, forecast in _moments(observe(case_truths(case, 1.0), noise_level(noise), seed)):
            came = outcomes_at(truth, [now], labels)
            true.append(came.waiting_seconds[0])
            following, remaining = int(came.next_label[0]), float(came.remaining_seconds[0])
            known = moments_at(past, [now], labels)
            for name, model in models.items():
                said[name].append(quantile(model.waiting(known, 0, GRID_SECONDS), GRID_SECONDS, 0.5)[0])
                left[name].append(abs(float(model.remaining(known, 0, (0.5,))[0, 0]) - remaining))
                if following >= 0:
                    hits[name].append(int(model.next_labels(known, 0)[0].argmax()) == following)
            middle, low, high = _phase_times(forecast)
            said[REASONER].append(middle)
            asked = (came.waiting_seconds[0] > 0) & np.isfinite(came.waiting_seconds[0])
            held += inside(low, high, came.waiting_seconds[0])[asked].tolist()
            if forecast.remaining is not None:
                left[REASONER].append(abs((forecast.remaining.middle_seconds or forecast.horizon_seconds) - remaining))
            if following >= 0:
                hits[REASONER].append(next((one.id for one in forecast.options if one.kind == "phase"), "") == PHASES[following])
            moments += 1
        for name in names:
            for horizon in HORIZONS_SECONDS:
                found = time_errors(np.array(said[name]), np.array(true), horizon)
                for part in ERRORS:
                    errors.setdefault((name, f"{part}@{horizon:g}"), []).append(found.of(part))
    figures = {name: _figures(name, errors, hits[name], left[name]) for name in names}
    figures[REASONER]["80 % interval, time to come"] = float(np.mean(held))
    return {"noise": noise, "cases": len(seeds), "moments": moments, "figures": figures}


def _moments(looks: Iterator[Observation]) -> Iterator[tuple[Course, float, Forecast]]:
    """(the phases settled so far, now, the forecast) every so many seconds, while something is forecast."""
    reasoner = Reasoner(load_procedure(SIMULATED_PROCEDURE))
    begun: list[tuple[str, float]] = []
    due = 0.0
    for look in looks:
        reasoner.step(look)
        phase = reasoner.phase
        if phase is not None and (not begun or begun[-1][0] != phase):
            begun.append((phase, look.seconds))
        if look.seconds < due:
            continue
        forecast = reasoner.forecast_now()
        if forecast is None:
            continue
        due = look.seconds + MOMENT_STEP_SECONDS
        ends = [*(start for _, start in begun[1:]), look.seconds + 1.0]
        stretches = [Stretch(PHASES.index(one), Span(start, end)) for (one, start), end in zip(begun, ends, strict=True)]
        yield Course("seen", 0, tuple(stretches), 0.0, look.seconds + 1.0), look.seconds, forecast


def _phase_times(forecast: Forecast) -> tuple[Array, Array, Array]:
    """Middle, low and high (phases,): 0 for the phase under way, which the forecast leaves out; inf where it says nothing."""
    middle, low, high = (np.full(len(PHASES), np.inf) for _ in range(3))
    low[:] = forecast.horizon_seconds
    named = {one.id: one for one in forecast.times if one.kind == "phase"}
    for place, phase in enumerate(PHASES):
        one = named.get(phase)
        if one is not None:
            middle[place], low[place], high[place] = (
                np.inf if value is None else value for value in (one.middle_seconds, one.low_seconds, one.high_seconds)
            )
    return middle, low, high


def _figures(name: str, errors: dict[tuple[str, str], list[Array]], hits: list[bool], left: list[float]) -> dict[str, float]:
    found = {"next phase top-1": float(np.mean(hits)), "remaining MAE": float(np.mean(left))}
    for horizon in HORIZONS_SECONDS:
        parts = {part: over_classes(np.array(errors[name, f"{part}@{horizon:g}"])) for part in ERRORS}
        found[f"wMAE@{horizon:g}"] = (parts["inMAE"] + parts["outMAE"]) / 2
        found |= {f"{part}@{horizon:g}": value for part, value in parts.items()}
    return found
