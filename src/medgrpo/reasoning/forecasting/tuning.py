"""Choosing an analogue forecaster's weights on validation courses, one weight after another. Test courses are never seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.reasoning.forecasting.analogue import AnalogueConfig, Analogues
from medgrpo.reasoning.forecasting.course import Course, Labels, Moments, joined, moments_at, moments_between, outcomes_at
from medgrpo.reasoning.forecasting.likeness import WEIGHTS

Array = NDArray[np.float64]
_VALUES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_SHARES = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)
_GRID_SECONDS: Array = np.arange(0.0, 301.0, 20.0)
_MOMENT_STEP_SECONDS = 40.0
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """Moments of validation courses of one kind (None: not told), all together, and what came after them.

    `between` with `next_label`: ends of stretches. `some`, every 40 s, with `reached` (q, labels, t): under way within the grid's
    times, `left_seconds`, and `share`: of each moment in the mean over courses of means over moments.
    """

    kind: int | None
    between: Moments
    next_label: Labels
    some: Moments
    reached: NDArray[np.bool_]
    left_seconds: Array
    share: Array


def asked(courses: Sequence[Course], labels: int, kind_known: bool) -> list[Asked]:
    """What the losses ask, kind by kind where it is known."""
    kinds = sorted({course.kind for course in courses}) if kind_known else [None]
    return [
        _ask(kind, [course for course in courses if kind is None or course.kind == kind], labels, len(courses)) for kind in kinds
    ]


def _ask(kind: int | None, courses: Sequence[Course], labels: int, of_courses: int) -> Asked:
    grids = [(course, np.arange(course.start_seconds, course.end_seconds, _MOMENT_STEP_SECONDS).tolist()) for course in courses]
    ends = [moments_between(course, labels) for course in courses if course.stretches]
    nothing = moments_at(courses[0], [], labels)
    waiting = np.concatenate([outcomes_at(course, grid, labels).waiting_seconds for course, grid in grids])
    return Asked(
        kind,
        joined([nothing, *(moments for moments, _ in ends)]),
        np.concatenate([np.empty(0, dtype=np.intp), *(truth for _, truth in ends)]),
        joined([moments_at(course, grid, labels) for course, grid in grids]),
        waiting[:, :, None] <= _GRID_SECONDS,
        np.concatenate([course.end_seconds - np.array(grid) for course, grid in grids]),
        np.concatenate([np.full(len(grid), 1 / len(grid) / of_courses) for _, grid in grids]),
    )


def tune(model: Analogues, courses: Sequence[Course], labels: int, kind_known: bool) -> Iterator[Analogues]:
    """Better and better models, the best last: log loss of the next label, then of times, then of the time left.

    At most `TUNING_STEPS` models; fewer where a round changes nothing.
    """
    questions = asked(courses, labels, kind_known)
    for loss, part in ((next_loss, "order"), (time_loss, "time"), (rest_loss, "rest")):
        best = loss(model, questions)
        for _ in range(_ROUNDS):
            before = best
            for name in (*WEIGHTS, *((f"{part}_share",) if part != "rest" else ())):
                for config in _neighbours(model.config, part, name):
                    if config == model.config:
                        continue
                    other = model.with_config(config)
                    found = loss(other, questions)
                    if found < best:
                        best, model = found, other
                yield model
            if best == before:
                break


TUNING_STEPS = _ROUNDS * (3 * len(WEIGHTS) + 2)
"""How many models `tune` yields at most."""


def next_loss(model: Analogues, questions: Sequence[Asked]) -> float:
    """Mean of -log P(the label that came next)."""
    total, count = 0.0, 0
    for one in questions:
        said = model.next_labels(one.between, one.kind)
        total -= float(np.log(np.maximum(said[np.arange(len(said)), one.next_label], 1e-6)).sum())
        count += len(said)
    return total / max(count, 1)


def time_loss(model: Analogues, questions: Sequence[Asked]) -> float:
    """Mean squared distance between the forecast distribution functions and the steps at the true times."""
    total, count = 0.0, 0
    for one in questions:
        said = model.waiting(one.some, one.kind, _GRID_SECONDS)
        said -= one.reached
        total += float(np.vdot(said, said))
        count += len(said)
    return total / max(count, 1)


def rest_loss(model: Analogues, questions: Sequence[Asked]) -> float:
    """Mean over courses of the mean absolute error of the median time left, seconds."""
    errors = [np.abs(model.remaining(one.some, one.kind, (0.5,))[:, 0] - one.left_seconds) @ one.share for one in questions]
    return float(sum(errors))


def _neighbours(config: AnalogueConfig, part: str, name: str) -> Iterator[AnalogueConfig]:
    if name.endswith("_share"):
        for value in _SHARES:
            yield config.model_copy(update={name: value})
        return
    for value in _VALUES:
        likeness = {"order": config.order, "time": config.time, "rest": config.rest}[part]
        yield config.model_copy(update={part: likeness.changed(name, value)})
