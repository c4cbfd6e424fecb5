"""What a forecaster says at every moment of held-out courses, measured: one `Measured` per model, comparable video by video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.evaluation.forecast import ERRORS, inside, over_classes, runs, time_errors, top_hits
from medgrpo.evaluation.timeline import segment_f1
from medgrpo.reasoning import Anticipator, Course, labels_at, moments_at, moments_between, outcomes_at

Array = NDArray[np.float64]
HORIZONS_SECONDS = (120.0, 180.0, 300.0)
GRID_SECONDS: Array = np.arange(0.0, 301.0, 5.0)
AHEAD_SECONDS: Array = np.arange(0.0, 120.0, 5.0)
MOMENT_STEP_SECONDS, FUTURE_STEP_SECONDS = 10.0, 30.0
OVERLAPS = (0.1, 0.25, 0.5)
INTERVAL = (0.1, 0.9)
NAMES_NO_LABEL = (-1, -2)


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of a course: which labels are scored, whether its kind is told, and the labels whose time is asked for."""

    labels: int
    scored: tuple[int, ...]
    kind_known: bool
    classes: Callable[[Course], tuple[int, ...]]

    def kind(self, course: Course) -> int | None:
        return course.kind if self.kind_known else None


@dataclass(slots=True)
class Measured:
    """Per video: sums and counts of shares by name, and per-class errors (classes,) by name such as `inMAE@120`."""

    shares: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict[str, dict[str, tuple[float, float]]])
    errors: dict[str, list[Array]] = field(default_factory=dict[str, list[Array]])
    confidences: list[Array] = field(default_factory=list[Array])
    hits: list[NDArray[np.bool_]] = field(default_factory=list[NDArray[np.bool_]])

    def share(self, name: str, video: str, total: float, count: float) -> None:
        self.shares.setdefault(name, {})[video] = (total, count)


def quantile(cdf: Array, seconds: Array, level: float) -> Array:
    """Where distribution functions (..., t) first reach `level`, by a straight line between grid points; inf where they do not."""
    place = (cdf < level).sum(axis=-1)
    high = np.minimum(place, len(seconds) - 1)
    low = np.maximum(high - 1, 0)
    above, below = (np.take_along_axis(cdf, one[..., None], axis=-1)[..., 0] for one in (high, low))
    rise = np.where(above > below, above - below, 1.0)
    between = seconds[low] + np.clip((level - below) / rise, 0, 1) * (seconds[high] - seconds[low])
    return np.where(place >= len(seconds), np.inf, np.where(place == 0, seconds[0], between))


def measure(
    model: Anticipator, courses: Sequence[Course], task: Task, levels: dict[float, float], spread: bool, tick: Callable[[], None]
) -> Measured:
    """All measures over the courses. `levels`: per horizon the quantile that is given as the time; `spread`: intervals, too.

    `tick` is called after every course.
    """
    found = Measured()
    for course in courses:
        _next_labels(model, course, task, found)
        _times(model, course, task, found, levels, spread)
        _futures(model, course, task, found)
        tick()
    return found


def tune_levels(model: Anticipator, courses: Sequence[Course], task: Task, tick: Callable[[], None]) -> dict[float, float]:
    """Per horizon the quantile whose use as the forecast time gives the least wMAE on these (validation) courses.

    `tick` is called after every course.
    """
    candidates = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
    best: dict[float, float] = {}
    scores: dict[tuple[float, float, str], list[Array]] = {}
    for course in courses:
        classes, cdf, truth = _waits(model, course, task)
        for level in candidates:
            times = quantile(cdf, GRID_SECONDS, level)
            for horizon in HORIZONS_SECONDS:
                errors = time_errors(times, truth, horizon)
                for name in ("inMAE", "outMAE"):
                    scores.setdefault((horizon, level, name), []).append(_spread_out(errors.of(name), classes, task.labels))
        tick()
    for horizon in HORIZONS_SECONDS:
        best[horizon] = min(candidates, key=lambda one: w_mae(scores[horizon, one, "inMAE"], scores[horizon, one, "outMAE"]))
    return best


def w_mae(in_mae: Sequence[Array], out_mae: Sequence[Array]) -> float:
    """Mean of the two, each a mean over videos and then over classes."""
    return (over_classes(np.array(in_mae)) + over_classes(np.array(out_mae))) / 2


def _next_labels(model: Anticipator, course: Course, task: Task, found: Measured) -> None:
    moments, truth = moments_between(course, task.labels)
    scored = np.isin(truth, task.scored)
    if not scored.any():
        for name in ("top-1", "top-3"):
            found.share(name, course.id, 0.0, 0.0)
        return
    probabilities = model.next_labels(moments, task.kind(course))[scored]
    for most in (1, 3):
        hits = top_hits(probabilities, truth[scored], most)
        found.share(f"top-{most}", course.id, float(hits.sum()), len(hits))
        if most == 1:
            found.hits.append(hits)
            found.confidences.append(probabilities.max(axis=1))


def _waits(model: Anticipator, course: Course, task: Task) -> tuple[tuple[int, ...], Array, Array]:
    seconds = np.arange(course.start_seconds, course.end_seconds, MOMENT_STEP_SECONDS).tolist()
    classes = task.classes(course)
    cdf = model.waiting(moments_at(course, seconds, task.labels), task.kind(course), GRID_SECONDS)
    truth = outcomes_at(course, seconds, task.labels).waiting_seconds
    return classes, cdf[:, list(classes)], truth[:, list(classes)]


def _times(model: Anticipator, course: Course, task: Task, found: Measured, levels: dict[float, float], spread: bool) -> None:
    classes, cdf, truth = _waits(model, course, task)
    for horizon in HORIZONS_SECONDS:
        errors = time_errors(quantile(cdf, GRID_SECONDS, levels[horizon]), truth, horizon)
        for name in ERRORS:
            found.errors.setdefault(f"{name}@{horizon:g}", []).append(_spread_out(errors.of(name), classes, task.labels))
    if spread:
        asked = truth > 0
        low, high = (quantile(cdf, GRID_SECONDS, level) for level in INTERVAL)
        held = inside(np.where(np.isfinite(low), low, GRID_SECONDS[-1]), high, truth)[asked]
        found.share("80 % interval, time to come", course.id, float(held.sum()), float(held.size))
    seconds = np.arange(course.start_seconds, course.end_seconds, MOMENT_STEP_SECONDS)
    left = model.remaining(moments_at(course, seconds.tolist(), task.labels), task.kind(course), (INTERVAL[0], 0.5, INTERVAL[1]))
    true_left = course.end_seconds - seconds
    found.share("remaining MAE", course.id, float(np.abs(left[:, 1] - true_left).mean()), 1.0)
    if spread:
        held = inside(left[:, 0], left[:, 2], true_left)
        found.share("80 % interval, remaining", course.id, float(held.sum()), float(held.size))


def _futures(model: Anticipator, course: Course, task: Task, found: Measured) -> None:
    seconds = np.arange(course.start_seconds, course.end_seconds, FUTURE_STEP_SECONDS).tolist()
    forecasts = model.future(moments_at(course, seconds, task.labels), task.kind(course), AHEAD_SECONDS)
    step = float(AHEAD_SECONDS[1] - AHEAD_SECONDS[0])
    sums = {overlap: [0.0, 0.0] for overlap in OVERLAPS}
    skipped = (*NAMES_NO_LABEL, *(label for label in range(task.labels) if label not in task.scored))
    for row, now in zip(forecasts, seconds, strict=True):
        truth = labels_at(course, (now + AHEAD_SECONDS).tolist())
        said, true = ([(str(label), Span(start, end)) for label, start, end in runs(one, step, skipped)] for one in (row, truth))
        for overlap in OVERLAPS:
            agreement = segment_f1(said, true, overlap)
            sums[overlap][0] += 2 * agreement.found
            sums[overlap][1] += agreement.predicted + agreement.true
    for overlap in OVERLAPS:
        found.share(f"F1@{overlap * 100:.0f}", course.id, sums[overlap][0], sums[overlap][1])


def _spread_out(values: Array, classes: Sequence[int], labels: int) -> Array:
    found = np.full(labels, np.nan)
    found[list(classes)] = values
    return found
