"""Erlang durations: how long a state lasts, fitted to three typical lengths or learned from lengths that were measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TYPICAL_LEVELS = (0.05, 0.5, 0.95)  # what low, middle and high of `typical_seconds` are taken for: a design value
MOST_STAGES = 6


@dataclass(frozen=True, slots=True)
class Duration:
    """A chain of `stages` equal exponential stages whose sum has the mean `mean_seconds`."""

    stages: int
    mean_seconds: float

    def __post_init__(self) -> None:
        if self.stages < 1 or not 0 < self.mean_seconds < math.inf:
            raise ValueError(f"a duration has at least one stage and a positive mean, got {self.stages} and {self.mean_seconds}")

    def stage_rate(self, early_share: float = 0.0) -> float:
        """Rate per second of one stage, so that the mean holds even where each stage but the last ends all by `early_share`."""
        visited = sum((1 - early_share) ** stage for stage in range(self.stages))
        return visited / self.mean_seconds

    def quantile(self, probability: float) -> float:
        """Seconds by which it has ended with that probability (without early exits)."""
        return erlang_quantile(self.stages, probability) * self.mean_seconds / self.stages


def erlang_cdf(stages: int, value: float) -> float:
    """P(sum of `stages` exponential times of rate 1 <= value)."""
    term = total = math.exp(-value)
    for count in range(1, stages):
        term *= value / count
        total += term
    return 1 - total


def erlang_quantile(stages: int, probability: float) -> float:
    """The value at which `erlang_cdf` reaches `probability`, by bisection. ValueError outside 0 < probability < 1."""
    if not 0 < probability < 1:
        raise ValueError(f"a quantile needs a probability between 0 and 1, got {probability}")
    low, high = 0.0, float(stages)
    while erlang_cdf(stages, high) < probability:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if erlang_cdf(stages, middle) < probability else (low, middle)
    return (low + high) / 2


def fit_duration(low_seconds: float, middle_seconds: float, high_seconds: float, most_stages: int = MOST_STAGES) -> Duration:
    """The Erlang time whose 5, 50 and 95 % points come nearest to the three, by least squares of their logarithms."""
    if not 0 < low_seconds <= middle_seconds <= high_seconds:
        raise ValueError(f"lengths must satisfy 0 < low <= middle <= high, got {low_seconds}, {middle_seconds}, {high_seconds}")
    wanted = [math.log(value) for value in (low_seconds, middle_seconds, high_seconds)]
    best: tuple[float, Duration] | None = None
    for stages in range(1, most_stages + 1):
        shape = [math.log(erlang_quantile(stages, level)) for level in TYPICAL_LEVELS]
        shift = sum(one - other for one, other in zip(wanted, shape, strict=True)) / len(shape)
        misfit = sum((one - other - shift) ** 2 for one, other in zip(wanted, shape, strict=True))
        if best is None or misfit < best[0]:
            best = misfit, Duration(stages, stages * math.exp(shift))
    assert best is not None
    return best[1]


def learn_duration(seconds: Sequence[float], most_stages: int = MOST_STAGES) -> Duration:
    """The Erlang time of greatest likelihood, at most `most_stages` stages. ValueError unless lengths are there and positive."""
    if not seconds or not all(0 < value < math.inf for value in seconds):
        raise ValueError("a duration is learned from at least one length, all positive")
    mean = math.fsum(seconds) / len(seconds)
    logs = math.fsum(math.log(value) for value in seconds)

    def likelihood(stages: int) -> float:
        rate = stages / mean
        return len(seconds) * (stages * math.log(rate) - math.lgamma(stages) - stages) + (stages - 1) * logs

    return Duration(max(range(1, most_stages + 1), key=likelihood), mean)
