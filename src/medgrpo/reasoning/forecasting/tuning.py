"""Choosing an analogue forecaster's weights on validation courses, one weight after another. Test courses are never seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from medgrpo.reasoning.forecasting.analogue import WEIGHTS, AnalogueConfig, Analogues
from medgrpo.reasoning.forecasting.course import Course, moments_at, moments_between, outcomes_at

Array = NDArray[np.float64]
_VALUES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_SHARES = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
_GRID_SECONDS: Array = np.arange(0.0, 301.0, 20.0)
_MOMENT_STEP_SECONDS = 40.0
_ROUNDS = 2


def tune(model: Analogues, courses: Sequence[Course], labels: int, kind_known: bool) -> Iterator[Analogues]:
    """Better and better models, the best last: log loss of the next label, then of times, then of the time left."""
    for loss, part in ((next_loss, "order"), (time_loss, "time"), (rest_loss, "rest")):
        best = loss(model, courses, labels, kind_known)
        for _ in range(_ROUNDS):
            before = best
            for name in (*WEIGHTS, *((f"{part}_share",) if part != "rest" else ())):
                for config in _neighbours(model.config, part, name):
                    other = model.with_config(config)
                    found = loss(other, courses, labels, kind_known)
                    if found < best:
                        best, model = found, other
                yield model
            if best == before:
                break


def next_loss(model: Analogues, courses: Sequence[Course], labels: int, kind_known: bool) -> float:
    """Mean of -log P(the label that came next)."""
    total, count = 0.0, 0
    for course in courses:
        moments, truth = moments_between(course, labels)
        if len(truth):
            said = model.next_labels(moments, course.kind if kind_known else None)
            total -= float(np.log(np.maximum(said[np.arange(len(truth)), truth], 1e-6)).sum())
            count += len(truth)
    return total / max(count, 1)


def time_loss(model: Analogues, courses: Sequence[Course], labels: int, kind_known: bool) -> float:
    """Mean squared distance between the forecast distribution functions and the steps at the true times."""
    total, count = 0.0, 0
    for course in courses:
        seconds = np.arange(course.start_seconds, course.end_seconds, _MOMENT_STEP_SECONDS).tolist()
        said = model.waiting(moments_at(course, seconds, labels), course.kind if kind_known else None, _GRID_SECONDS)
        truth = outcomes_at(course, seconds, labels).waiting_seconds[:, :, None] <= _GRID_SECONDS
        total += float(((said - truth) ** 2).sum())
        count += len(seconds)
    return total / max(count, 1)


def rest_loss(model: Analogues, courses: Sequence[Course], labels: int, kind_known: bool) -> float:
    """Mean absolute error of the median time left, seconds."""
    errors: list[float] = []
    for course in courses:
        seconds = np.arange(course.start_seconds, course.end_seconds, _MOMENT_STEP_SECONDS)
        said = model.remaining(moments_at(course, seconds.tolist(), labels), course.kind if kind_known else None, (0.5,))
        errors.append(float(np.abs(said[:, 0] - (course.end_seconds - seconds)).mean()))
    return float(np.mean(errors))


def _neighbours(config: AnalogueConfig, part: str, name: str) -> Iterator[AnalogueConfig]:
    if name.endswith("_share"):
        for value in _SHARES:
            yield config.model_copy(update={name: value})
        return
    for value in _VALUES:
        likeness = {"order": config.order, "time": config.time, "rest": config.rest}[part]
        yield config.model_copy(update={part: likeness.changed(name, value)})
