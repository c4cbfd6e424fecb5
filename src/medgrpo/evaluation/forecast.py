"""Measures of forecasts. Pure functions of plain arrays; all times in seconds.

Errors of the time to come as in Rivoir et al., MICCAI 2020 and Yuan et al., 2022 (names read, formulas from general knowledge:
confirm): r is the time to the next occurrence and p its forecast, both clipped at the horizon h; 0 while it is under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ERRORS = ("inMAE", "outMAE", "pMAE", "eMAE")


@dataclass(frozen=True, slots=True)
class ClassErrors:
    """Mean absolute errors per class (classes,), NaN where a class has no such moment in this video. Seconds."""

    in_mae: Array
    out_mae: Array
    p_mae: Array
    e_mae: Array

    def of(self, name: str) -> Array:
        return {"inMAE": self.in_mae, "outMAE": self.out_mae, "pMAE": self.p_mae, "eMAE": self.e_mae}[name]


def time_errors(forecast: Array, truth: Array, horizon_seconds: float) -> ClassErrors:
    """One video: `forecast` and `truth` (moments, classes), inf for never. ValueError for other shapes, NaN or a negative time."""
    if forecast.shape != truth.shape or forecast.ndim != 2:
        raise ValueError(f"forecast and truth need one shape (moments, classes), got {forecast.shape} and {truth.shape}")
    if not ((forecast >= 0).all() and (truth >= 0).all() and horizon_seconds > 0):
        raise ValueError("times to come are 0 or more, and the horizon is positive")
    h = horizon_seconds
    r, p = np.minimum(truth, h), np.minimum(forecast, h)
    error = np.abs(p - r)
    return ClassErrors(
        _mean(error, (r > 0) & (r < h)),
        _mean(error, truth >= h),
        _mean(error, (p > 0.1 * h) & (p < 0.9 * h)),
        _mean(error, (r > 0) & (r < 0.1 * h)),
    )


def over_classes(per_video: Array) -> float:
    """Mean over videos, then over classes; `per_video` (videos, classes) with NaN for none. NaN where nothing is known."""
    return float(over_classes_drawn(per_video, np.ones((1, len(per_video))))[0])


def over_classes_drawn(per_video: Array, draws: Array) -> Array:
    """Shape (draws,): `over_classes` of every resample; `draws` (draws, videos) says how often each video was drawn."""
    known = np.isfinite(per_video)
    count = draws @ known.astype(np.float64)
    total = draws @ np.where(known, per_video, 0.0)
    drawn = count > 0
    means = np.where(drawn, total / np.where(drawn, count, 1.0), 0.0)
    classes = drawn.sum(axis=1)
    return np.where(classes > 0, means.sum(axis=1) / np.maximum(classes, 1), np.nan)


def top_hits(probabilities: Array, truth: NDArray[np.intp], most: int) -> NDArray[np.bool_]:
    """Shape (moments,): is the true class among the `most` most probable ones? Equal probabilities: the lower index first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :most]
    return (order == truth[:, None]).any(axis=1)


def inside(low: Array, high: Array, truth: Array) -> NDArray[np.bool_]:
    """Is each true time within its interval, ends included? inf as `high` means no end."""
    return (low <= truth) & (truth <= high)


@dataclass(frozen=True, slots=True)
class Difference:
    """`ours - theirs` and the interval that holds 95 % of the resamples."""

    value: float
    low: float
    high: float


def resamples(videos: int, count: int, seed: int) -> Array:
    """Shape (count, videos): how often each video is drawn, with replacement. Equal arguments give equal draws."""
    return np.random.default_rng(seed).multinomial(videos, np.full(videos, 1 / videos), size=count).astype(np.float64)


def interval(values: Array, value: float) -> Difference:
    """The percentile interval of resampled differences around `value`."""
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, (2.5, 97.5)) if len(known) else (float("nan"), float("nan"))
    return Difference(value, float(low), float(high))


def share_difference(
    ours: Mapping[str, tuple[float, float]], theirs: Mapping[str, tuple[float, float]], draws: Array
) -> Difference:
    """Paired bootstrap of two shares: per video (sum, count), the same videos in both, `draws` of `resamples`."""
    if ours.keys() != theirs.keys():
        raise ValueError("a paired comparison needs the same videos on both sides")
    names = list(ours)
    mine, other = (np.array([one[name] for name in names], dtype=np.float64) for one in (ours, theirs))

    def share(values: Array, weights: Array) -> Array:
        return (weights @ values[:, 0]) / (weights @ values[:, 1])

    with np.errstate(invalid="ignore", divide="ignore"):
        spread = share(mine, draws) - share(other, draws)
    all_once = np.ones((1, len(names)))
    return interval(spread, float((share(mine, all_once) - share(other, all_once))[0]))


def runs(labels: NDArray[np.intp], step_seconds: float, skipped: Sequence[int]) -> list[tuple[int, float, float]]:
    """(label, start, end) of every stretch of equal labels on a regular grid, labels in `skipped` left out."""
    found: list[tuple[int, float, float]] = []
    for place, label in enumerate(labels.tolist()):
        if found and found[-1][0] == label and place > 0 and labels[place - 1] == label:
            found[-1] = (label, found[-1][1], (place + 1) * step_seconds)
        else:
            found.append((label, place * step_seconds, (place + 1) * step_seconds))
    return [one for one in found if one[0] not in skipped]


def _mean(error: Array, chosen: NDArray[np.bool_]) -> Array:
    count = chosen.sum(axis=0)
    return np.where(count > 0, np.where(chosen, error, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
