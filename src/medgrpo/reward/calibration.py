"""The cross-dataset normalisation of MedGRPO (arXiv 2512.06581): scores of unlike data sets on one scale, by frozen statistics.

    reward = 1 / (1 + exp(-k (score - p50) / IQR)),    IQR = p75 - p25,    k = 3

per (source, task, part) from the answers of the model that training starts from. The paper leaves four things open; here they are
stated: an IQR below `floor` counts as `floor`; a key without statistics is an error, never the identity; so is one whose answers
all scored 0, for nothing says how much a first score above 0 is worth; and nothing is refreshed while training runs, because a
scale that follows the policy would move the objective under it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from medgrpo.core import Config, DataError, InputError

STEEPNESS = 3.0
FLOOR = 0.02
"""Least spread that is believed. A task whose answers all score the same has IQR 0; the floor makes a change of 0.01 worth 0.32."""


class Key(NamedTuple):
    """`part` is `score`, or for captions `similarity` or `judge`: each part has its own scale."""

    source: str
    task: str
    part: str

    def __str__(self) -> str:
        return "/".join(self)


class Statistics(Config):
    """Quartiles of `n` scores of one key; `unscored` answers (a judge that failed) are counted and left out.

    `above_zero`: how many of them are above 0; None in a file of before it was written.
    """

    source: str
    task: str
    part: str
    n: int = Field(ge=1)
    unscored: int = Field(default=0, ge=0)
    p25: float = Field(allow_inf_nan=False)
    p50: float = Field(allow_inf_nan=False)
    p75: float = Field(allow_inf_nan=False)
    above_zero: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.p25 <= self.p50 <= self.p75:
            raise ValueError(f"quartiles must rise, got {self.p25}, {self.p50}, {self.p75}")
        if self.above_zero is not None and self.above_zero > self.n:
            raise ValueError(f"{self.above_zero} of {self.n} scores cannot be above 0")
        return self

    @property
    def has_scale(self) -> bool:
        """Whether any answer is known to have scored above 0. Quartiles alone can all be 0 where one in five did."""
        return self.p75 > 0 or bool(self.above_zero)

    @property
    def key(self) -> Key:
        return Key(self.source, self.task, self.part)


class Calibration(Config):
    """The frozen statistics file. `checkpoint` names the weights whose answers were measured, by hash where one is known."""

    format: Literal["medgrpo calibration 1"] = "medgrpo calibration 1"
    checkpoint: str = Field(min_length=1)
    steepness: float = Field(default=STEEPNESS, gt=0, allow_inf_nan=False)
    floor: float = Field(default=FLOOR, gt=0, allow_inf_nan=False)
    statistics: tuple[Statistics, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        keys = [entry.key for entry in self.statistics]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"statistics given twice: {', '.join(twice)}")
        return self

    def of(self, key: Key) -> Statistics:
        """InputError when the key was never measured, or all that was measured is 0."""
        for entry in self.statistics:
            if entry.key == key:
                if not entry.has_scale:
                    raise InputError(without_scale([entry]))
                return entry
        raise InputError(
            f"the calibration has no statistics for {key}: run `medgrpo train calibrate` on answers of the starting model that "
            f"hold this source and task"
        )

    def reward(self, key: Key, score: float) -> float:
        """0..1; the median gives 0.5."""
        entry = self.of(key)
        return logistic(score, entry.p50, max(entry.p75 - entry.p25, self.floor), self.steepness)

    def is_floored(self, key: Key) -> bool:
        """Whether the measured spread of this key is below the floor."""
        entry = self.of(key)
        return entry.p75 - entry.p25 < self.floor

    @property
    def digest(self) -> str:
        """SHA-256 of the content: what a run's checkpoint keeps, so that it cannot go on with other statistics."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json", exclude_none=True), sort_keys=True).encode()).hexdigest()


def without_scale(entries: Sequence[Statistics]) -> str:
    """What is said of keys whose answers all scored 0."""
    named = ", ".join(
        f"{entry.key} ({entry.n} answers{'' if entry.above_zero is not None else ', quartiles all 0'})" for entry in entries
    )
    unsaid = any(entry.above_zero is None for entry in entries)
    return (
        f"no answer scored above 0 for {named}: rewards on that scale would be noise. Leave the task out (--tasks of `train "
        f"calibrate`, data.tasks of a recipe), or start from a model that gets some right (`medgrpo train sft` first)"
        + ("; where some were right, make the calibration anew: this file does not say how many" if unsaid else "")
    )


def logistic(score: float, median: float, spread: float, steepness: float = STEEPNESS) -> float:
    """1 / (1 + exp(-steepness (score - median) / spread)), finite for every finite score."""
    if not spread > 0:
        raise ValueError(f"spread must be above 0, got {spread}")
    return 0.5 * (1.0 + math.tanh(0.5 * steepness * (score - median) / spread))


def statistics_of(key: Key, scores: Sequence[float | None]) -> Statistics:
    """Quartiles (linear between neighbours, as numpy) of what is known; InputError when nothing is."""
    known = [score for score in scores if score is not None]
    if not known:
        raise InputError(f"{key}: none of its {len(scores)} answers has a score, so nothing can be calibrated")
    p25, p50, p75 = (float(value) for value in np.quantile(known, (0.25, 0.5, 0.75)))
    return Statistics(
        source=key.source, task=key.task, part=key.part, n=len(known), unscored=len(scores) - len(known),
        p25=p25, p50=p50, p75=p75, above_zero=sum(score > 0 for score in known),
    )  # fmt: skip


def read_calibration(path: Path) -> Calibration:
    """DataError in one line when the file is missing or not what docs/formats.md says."""
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror}); make it with `medgrpo train calibrate`") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(path, f"{where}: {first['msg']}") from error
