"""The five clinical dimensions of a caption, and the door through which a judge is asked. `evaluation` implements judges."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from medgrpo.core import Unparsed


class RubricKind(StrEnum):
    """`absolute`: how good the caption is (the leaderboard's); `comparative`: how close it is to the reference (the paper's)."""

    ABSOLUTE = "absolute"
    COMPARATIVE = "comparative"


DIMENSIONS: Mapping[str, str] = {
    "R2": "medical terminology",
    "R3": "anatomy and instruments",
    "R8": "specificity and detail",
    "R5": "clinical context",
    "R4": "actions and states",
}
"""By the leaderboard's code, in the order in which it asks."""


@dataclass(frozen=True, slots=True)
class CaptionPair:
    """What a judge compares; neither side is empty."""

    prediction: str
    reference: str

    def __post_init__(self) -> None:
        if not (self.prediction.strip() and self.reference.strip()):
            raise ValueError("a judge is not asked about an empty caption")


@dataclass(frozen=True, slots=True)
class Rating:
    """One whole number from 1 to 5 per dimension."""

    grades: Mapping[str, int]

    def __post_init__(self) -> None:
        if set(self.grades) != set(DIMENSIONS) or not all(1 <= grade <= 5 for grade in self.grades.values()):
            raise ValueError("a rating is 1 to 5 for each of the five dimensions")

    @property
    def mean(self) -> float:
        """1..5."""
        return sum(self.grades.values()) / len(self.grades)

    @property
    def share(self) -> float:
        """The mean on 0..1."""
        return (self.mean - 1) / 4


_LINE = re.compile(r"^[ \t*]*(R[23458])[ \t*]*[:=][ \t*]*(\d{1,3})(?:[ \t]*/[ \t]*5)?[ \t*.]*$", re.MULTILINE)


def parse_rating(reply: str) -> Rating | Unparsed:
    """The rating of a reply that holds each code exactly once, each 1 to 5 (stricter than the leaderboard's reading)."""
    found = _LINE.findall(reply[:10_000])
    codes = [code for code, _ in found]
    if sorted(codes) != sorted(DIMENSIONS):
        return Unparsed.of(reply, "not each of the five codes exactly once")
    try:
        return Rating({code: int(grade) for code, grade in found})
    except ValueError:
        return Unparsed.of(reply, "a grade is not 1 to 5")


class Judge(Protocol):
    """Who rates captions. `name` says model, rubric and the prompt's version, for the result file."""

    @property
    def name(self) -> str: ...

    async def rate(self, pairs: Sequence[CaptionPair]) -> list[Rating | None]:
        """One rating per pair, in order; None where the judge failed (which is not a bad caption)."""
        ...
