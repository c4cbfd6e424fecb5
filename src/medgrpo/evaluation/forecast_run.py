"""Forecasts evaluated on one source: ours beside the three baselines, and ours against first-order Markov with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.evaluation.forecast import ERRORS, Difference, interval, over_classes, resamples, share_difference
from medgrpo.evaluation.forecast_courses import Courses, ForecastSource, read_courses, without_background
from medgrpo.evaluation.forecast_measure import (
    AHEAD_SECONDS,
    HORIZONS_SECONDS,
    MOMENT_STEP_SECONDS,
    Measured,
    Task,
    measure,
    tune_levels,
    w_mae,
)
from medgrpo.evaluation.ranking import expected_calibration_error
from medgrpo.reasoning import Analogues, Anticipator, ClassMeans, Course, FirstOrderMarkov, LastSeen, tune

Array = NDArray[np.float64]
OURS, MARKOV = "ours", "first-order Markov"
DRAWS, SEED = 1000, 7
Listener = Callable[[str, int, int], None]


def evaluate_forecasts(name: str, courses: Courses, kind_known: bool, progress: Listener) -> dict[str, Any]:
    """Every figure of every model on the test courses, and `ours_minus_markov` with 95 % intervals over videos."""
    labels = len(courses.labels)
    task = Task(labels, courses.scored, kind_known or not courses.kinds, _classes(courses))
    progress(f"{name}: learning", 0, 10)
    ours = Analogues(courses.train, labels, AHEAD_SECONDS)
    for done, better in enumerate(tune(ours, courses.val, labels, task.kind_known), start=1):
        ours = better
        progress(f"{name}: tuning", min(5, done // 8), 10)
    models: dict[str, Anticipator] = {
        "last seen": LastSeen(labels),
        "class means": ClassMeans(courses.train, labels, HORIZONS_SECONDS[-1], MOMENT_STEP_SECONDS),
        MARKOV: FirstOrderMarkov(courses.train, labels),
        OURS: ours,
    }
    measured: dict[str, Measured] = {}
    chosen: dict[str, dict[float, float]] = {}
    for done, (model_name, model) in enumerate(models.items()):
        progress(f"{name}: {model_name}", 6 + done, 10)
        distributed = model_name in (MARKOV, OURS)
        chosen[model_name] = tune_levels(model, courses.val, task) if distributed else dict.fromkeys(HORIZONS_SECONDS, 0.5)
        measured[model_name] = measure(model, courses.test, task, chosen[model_name], distributed)
    progress(f"{name}: done", 10, 10)
    return {
        "name": name,
        "videos": {"train": len(courses.train), "val": len(courses.val), "test": len(courses.test)},
        "kind_known": task.kind_known,
        "weights": ours.config.model_dump(),
        "time_quantiles": {model: {f"{h:g}": q for h, q in levels.items()} for model, levels in chosen.items()},
        "figures": {model: figures(one) for model, one in measured.items()},
        "ours_minus_markov": differences(measured[OURS], measured[MARKOV]),
    }


def figures(measured: Measured) -> dict[str, float | None]:
    """All figures of one model by name; shares 0..1, times in seconds, None where nothing was to be measured."""
    found: dict[str, float | None] = {}
    for name, videos in measured.shares.items():
        if name == "remaining MAE":
            continue
        total, count = (sum(pair[place] for pair in videos.values()) for place in (0, 1))
        found[name] = total / count if count else None
    hits, sure = np.concatenate(measured.hits)[:, None], np.concatenate(measured.confidences)[:, None]
    found["ECE of top-1"] = expected_calibration_error(hits.astype(np.float32), sure.astype(np.float32))
    for horizon in HORIZONS_SECONDS:
        found[f"wMAE@{horizon:g}"] = _w(measured, horizon)
        for name in ERRORS:
            value = over_classes(np.array(measured.errors[f"{name}@{horizon:g}"]))
            found[f"{name}@{horizon:g}"] = value if np.isfinite(value) else None
    left = measured.shares["remaining MAE"].values()
    found["remaining MAE"] = sum(total for total, _ in left) / sum(count for _, count in left)
    return found


def differences(ours: Measured, markov: Measured) -> dict[str, dict[str, float]]:
    """Ours minus first-order Markov: the value and the 2.5 and 97.5 % points of a paired bootstrap over videos."""
    videos = len(ours.shares["remaining MAE"])
    draws = resamples(videos, DRAWS, SEED)
    found = {name: share_difference(ours.shares[name], markov.shares[name], draws) for name in _COMPARED}
    for horizon in HORIZONS_SECONDS:
        spread = [_w(ours, horizon, draw) - _w(markov, horizon, draw) for draw in draws]
        found[f"wMAE@{horizon:g}"] = interval(spread, _w(ours, horizon) - _w(markov, horizon))
        name = f"inMAE@{horizon:g}"
        both = [np.array(one.errors[name]) for one in (ours, markov)]
        spread = [over_classes(both[0], draw) - over_classes(both[1], draw) for draw in draws]
        found[name] = interval(spread, over_classes(both[0]) - over_classes(both[1]))
    return {name: _as_dict(one) for name, one in found.items()}


_COMPARED = ("top-1", "top-3", "F1@10", "F1@25", "F1@50", "remaining MAE")


def _w(measured: Measured, horizon: float, draw: Array | None = None) -> float:
    return w_mae(measured.errors[f"inMAE@{horizon:g}"], measured.errors[f"outMAE@{horizon:g}"], draw)


def _as_dict(one: Difference) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _classes(courses: Courses) -> Callable[[Course], tuple[int, ...]]:
    """Labels whose time is asked for in a course: those that its kind has in training and its own, of those that are scored."""
    seen: dict[int, set[int]] = {}
    for course in courses.train:
        seen.setdefault(course.kind, set()).update(one.label for one in course.stretches)
    allowed: Mapping[int, set[int]] = {kind: labels & set(courses.scored) for kind, labels in seen.items()}

    def classes(course: Course) -> tuple[int, ...]:
        own = {one.label for one in course.stretches} & set(courses.scored)
        return tuple(sorted(allowed.get(course.kind, set[int]()) | own))

    return classes


def table_rows(result: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """(figure, one cell per model and the difference with its interval), in a fixed order."""
    rows: list[tuple[str, list[str]]] = []
    models = result["figures"]
    for name in models[OURS]:
        cells = ["" if models[model].get(name) is None else f"{models[model][name]:.3f}" for model in models]
        one = result["ours_minus_markov"].get(name)
        cells.append("" if one is None else f"{one['value']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]")
        rows.append((name, cells))
    return rows


def evaluate_source(source: ForecastSource, folder: Path | None, progress: Listener) -> list[dict[str, Any]]:
    """One result per variant: NurViD with its procedure known and unknown; AVOS whole and with its named actions only.

    InputError names a source that needs a folder; DataError what is wrong in it.
    """
    courses = read_courses(source, folder)
    if source == "nurvid":
        return [
            evaluate_forecasts("NurViD, procedure known", courses, kind_known=True, progress=progress),
            evaluate_forecasts("NurViD, procedure unknown", courses, kind_known=False, progress=progress),
        ]
    if source == "avos":
        return [
            evaluate_forecasts("AVOS", courses, kind_known=True, progress=progress),
            evaluate_forecasts("AVOS, named actions only", without_background(courses), kind_known=True, progress=progress),
        ]
    return [evaluate_forecasts("simulated phases", courses, kind_known=True, progress=progress)]
