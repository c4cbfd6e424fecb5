"""Rewards of one group of answers: parts of a score, each put on one scale, mixed, and multiplied by the format factor.

`normaliser` decides the scale:

    logistic   frozen statistics per (source, task, part): the paper's
    zscore     each part by mean and deviation of its own group, then mixed (what GDPO does per reward function)
    ema        the scores as they are here; a step's are then divided by a running mean of the groups' deviations per (source, task)
               (`over_running_spread`; OneThinker's idea, which keeps one per task)
    none       the scores as they are
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from medgrpo.reward.advantages import spread_of
from medgrpo.reward.calibration import Calibration, Key

Normaliser = Literal["logistic", "zscore", "ema", "none"]
SCORE_WEIGHTS: Mapping[str, float] = {"score": 1.0}
CAPTION_WEIGHTS: Mapping[str, float] = {"similarity": 0.5, "judge": 0.5}
"""The paper's caption reward: half semantic similarity, half judge, each on its own scale."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was measured of one answer, by part, each 0..1, None where it could not be measured.

    `format_factor` multiplies the reward: 0 for an answer that cannot be read, so that it is never worth more than a wrong one that
    can; 1 for one in the task's form.
    """

    scores: Mapping[str, float | None]
    format_factor: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.format_factor <= 1:
            raise ValueError(f"a format factor is 0..1, got {self.format_factor}")


def group_rewards(
    source: str,
    task: str,
    group: Sequence[Parts],
    weights: Mapping[str, float] = SCORE_WEIGHTS,
    normaliser: Normaliser = "logistic",
    calibration: Calibration | None = None,
) -> list[float | None]:
    """One reward per answer; None when one of its parts could not be measured (half a reward would be another objective).

    An answer that cannot be read is 0 whatever was measured of it. InputError for a key that the calibration lacks, also where
    no answer of this group could be measured: a hole in the file must show at the first chance.
    """
    if normaliser == "logistic":
        if calibration is None:
            raise ValueError("the logistic needs a calibration")
        for part in weights:
            calibration.of(Key(source, task, part))
    columns: dict[str, list[float | None]] = {}
    for part in weights:
        raw = [answer.scores.get(part) for answer in group]
        if normaliser == "logistic" and calibration is not None:
            key = Key(source, task, part)
            columns[part] = [None if score is None else calibration.reward(key, score) for score in raw]
        elif normaliser == "zscore":
            factored = [
                0.0 if answer.format_factor == 0 else None if score is None else score * answer.format_factor
                for score, answer in zip(raw, group, strict=True)
            ]
            columns[part] = _standardised(factored)
        else:
            columns[part] = raw
    total = sum(weights.values())
    rewards: list[float | None] = []
    for index, answer in enumerate(group):
        held = [(weight, columns[part][index]) for part, weight in weights.items()]
        known = [weight * value for weight, value in held if value is not None]
        mixed = sum(known) / total if len(known) == len(held) else None
        if normaliser == "zscore":  # the factor is inside the parts: a z-score of 0 is the mean, not the worst
            rewards.append(mixed)
        elif answer.format_factor == 0:
            rewards.append(0.0)
        else:
            rewards.append(None if mixed is None else mixed * answer.format_factor)
    return rewards


def _standardised(values: Sequence[float | None]) -> list[float | None]:
    spread = spread_of(values)
    known = [value for value in values if value is not None]
    mean = fmean(known) if known else 0.0
    return [None if value is None else (value - mean) / spread if spread else 0.0 for value in values]
