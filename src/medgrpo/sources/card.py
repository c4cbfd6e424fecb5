"""What a reader must know of a source before its questions are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.problem import Problem


@dataclass(frozen=True, slots=True)
class SourceCard:
    """`tasks`: what is made from the annotation alone. `left_out`: what MedVidBench has of it and is not made, and why.

    `on_real_files`: was the adapter run on the real annotation?
    """

    name: str
    licence: str
    where: str
    tasks: tuple[str, ...]
    left_out: str
    on_real_files: bool


@dataclass(frozen=True, slots=True)
class Source:
    """`records` yields the questions of a folder in raw layout with their gold answers, one video after the other, and each
    problem met on the way. DataError where the folder is no such data set at all."""

    card: SourceCard
    records: Callable[[Path], Iterator[BenchmarkRecord | Problem]]
