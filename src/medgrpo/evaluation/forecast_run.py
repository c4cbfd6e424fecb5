"""Forecasts evaluated on one source: ours beside the three baselines, and ours against first-order Markov with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.evaluation.forecast import ERRORS, Difference, interval, over_classes, over_classes_drawn, resamples, share_difference
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
from medgrpo.reasoning import (
    TUNING_STEPS,
    AnalogueConfig,
    Analogues,
    Anticipator,
    ClassMeans,
    Course,
    FirstOrderMarkov,
    LastSeen,
    tune,
)

Array = NDArray[np.float64]
OURS, MARKOV = "ours", "first-order Markov"
DRAWS, SEED = 1000, 7
Listener = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Steps:
    """Counts the pieces of one evaluation and tells the listener."""

    name: str
    total: int
    progress: Listener
    words: str = ""
    done: int = 0

    def say(self, words: str) -> None:
        self.words = words
        self.progress(f"{self.name}: {words}", self.done, self.total)

    def tick(self) -> None:
        self.done += 1
        self.say(self.words)


def evaluate_forecasts(
    name: str, courses: Courses, kind_known: bool, progress: Listener, config: AnalogueConfig | None = None
) -> dict[str, Any]:
    """Every figure of every model on the test courses, and `ours_minus_markov` with 95 % intervals over videos.

    Weights are tuned on the validation courses unless `config` brings them.
    """
    labels = len(courses.labels)
    task = Task(labels, courses.scored, kind_known or not courses.kinds, _classes(courses))
    steps = _Steps(name, TUNING_STEPS + 4 * len(courses.test) + 2 * len(courses.val), progress)
    steps.say("learning")
    ours = Analogues(courses.train, labels, AHEAD_SECONDS, config)
    steps.say("tuning")
    for better in tune(ours, courses.val, labels, task.kind_known) if config is None else ():
        ours = better
        steps.tick()
    steps.done = TUNING_STEPS  # it may have ended early
    models: dict[str, Anticipator] = {
        "last seen": LastSeen(labels),
        "class means": ClassMeans(courses.train, labels, HORIZONS_SECONDS[-1], MOMENT_STEP_SECONDS),
        MARKOV: FirstOrderMarkov(courses.train, labels),
        OURS: ours,
    }
    measured: dict[str, Measured] = {}
    chosen: dict[str, dict[float, float]] = {}
    for model_name, model in models.items():
        steps.say(model_name)
        distributed = model_name in (MARKOV, OURS)
        levels = tune_levels(model, courses.val, task, steps.tick) if distributed else dict.fromkeys(HORIZONS_SECONDS, 0.5)
        measured[model_name] = measure(model, courses.test, task, levels, distributed, steps.tick)
        chosen[model_name] = levels
    steps.say("intervals")
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
        parts = {
            part: over_classes_drawn(np.array(ours.errors[f"{part}@{horizon:g}"]), draws)
            - over_classes_drawn(np.array(markov.errors[f"{part}@{horizon:g}"]), draws)
            for part in ("inMAE", "outMAE")
        }
        found[f"wMAE@{horizon:g}"] = interval((parts["inMAE"] + parts["outMAE"]) / 2, _w(ours, horizon) - _w(markov, horizon))
        once = [over_classes(np.array(one.errors[f"inMAE@{horizon:g}"])) for one in (ours, markov)]
        found[f"inMAE@{horizon:g}"] = interval(parts["inMAE"], once[0] - once[1])
    return {name: _as_dict(one) for name, one in found.items()}


_COMPARED = ("top-1", "top-3", "F1@10", "F1@25", "F1@50", "remaining MAE")


def _w(measured: Measured, horizon: float) -> float:
    return w_mae(measured.errors[f"inMAE@{horizon:g}"], measured.errors[f"outMAE@{horizon:g}"])


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
        known = evaluate_forecasts("NurViD, procedure known", courses, kind_known=True, progress=progress)
        weights = AnalogueConfig.model_validate(known["weights"])  # what is alike does not depend on this
        return [known, evaluate_forecasts("NurViD, procedure unknown", courses, False, progress, weights)]
    if source == "avos":
        return [
            evaluate_forecasts("AVOS", courses, kind_known=True, progress=progress),
            evaluate_forecasts("AVOS, named actions only", without_background(courses), kind_known=True, progress=progress),
        ]
    return [evaluate_forecasts("simulated phases", courses, kind_known=True, progress=progress)]
