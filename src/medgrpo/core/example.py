"""One question about one clip with its gold answer: what sources give and what models are asked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Example(Generic[A]):
    """`key` is unique in its data set by construction; `clip` names the clip (several examples may ask about one).

    Times in question and gold are seconds from the start of the clip. `frames_per_second` is the nominal rate at which the clip's
    frames were sampled.
    """

    key: str
    source: str
    task: str
    clip: str
    frames_per_second: Fraction
    question: str
    gold: A
