"""How much wider the intervals of forecast times must be to hold what they promise: one factor per kind and side, fitted.

Split conformal calibration (Papadopoulos and others 2002; Romano and others 2019, general knowledge: confirm): a factor is a
quantile of true time / end of the interval on cases that were not used otherwise. Intervals are only ever widened: that a drawing
keeps to time better than the procedure file says is no reason to be surer of an operation. The factors lie in
data/forecast_intervals.json with what they were fitted on; `medgrpo evaluate forecast --source tracker --fit FILE` makes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medgrpo.core import Config

TimeKind = Literal["phase", "event", "instrument", "end"]


class Widening(Config):
    """The low end is multiplied by `low`, the high end by `high`."""

    low: float = Field(gt=0, le=1)
    high: float = Field(ge=1)

    def ends(
        self, low_seconds: float | None, high_seconds: float | None, horizon_seconds: float
    ) -> tuple[float | None, float | None]:
        """Both ends widened; None is beyond the horizon and stays so."""
        high = None if high_seconds is None else high_seconds * self.high
        return None if low_seconds is None else low_seconds * self.low, None if high is None or high > horizon_seconds else high


class IntervalScaling(Config):
    """The factors and where they come from. `times`: how many told times of that kind came, in these cases."""

    held_share: float = Field(gt=0, lt=1)
    factors: dict[TimeKind, Widening]
    command: str
    source: str
    first_seed: int
    cases: int = Field(ge=1)
    noise: tuple[str, ...]
    times: dict[TimeKind, int]


@cache
def shipped_scaling() -> IntervalScaling:
    """The factors that the reasoner uses."""
    return IntervalScaling.model_validate_json(files("medgrpo.reasoning").joinpath("data/forecast_intervals.json").read_bytes())


def fit_widening(
    low_seconds: Sequence[float],
    high_seconds: Sequence[float],
    true_seconds: Sequence[float],
    cases: Sequence[int],
    held_share: float,
) -> Widening:
    """The least factors with which each side misses at most (1 - held_share) / 2 of the times; every case weighs the same.

    Ends of 0 and infinite ends need no factor. The level is raised by (n + 1) / n for n cases, for these are what is exchangeable:
    moments of one case are alike.
    """
    low, high, true = (np.asarray(values, dtype=np.float64) for values in (low_seconds, high_seconds, true_seconds))
    _, case, counts = np.unique(np.asarray(cases), return_inverse=True, return_counts=True)
    weights = 1.0 / counts[case]
    level = min(1.0, (1 + held_share) / 2 * (len(counts) + 1) / len(counts))
    early = np.divide(low, true, out=np.zeros_like(low), where=low > 0)
    late = np.divide(true, high, out=np.zeros_like(high), where=np.isfinite(high) & (high > 0))
    late[high == 0] = math.inf  # said to come now, and did not: no factor mends that
    most = float(np.max(late[np.isfinite(late)], initial=1.0))
    return Widening(low=1 / max(1.0, _quantile(early, weights, level)), high=min(max(1.0, _quantile(late, weights, level)), most))


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], level: float) -> float:
    """The least value up to which lies `level` of the weight."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, level - 1e-12)), len(order) - 1)])
