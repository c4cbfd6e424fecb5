"""What a reader must know of a source before its questions are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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
    """`make` yields the questions of a folder in raw layout with their gold answers, not yet numbered, one video after the other,
    and each problem met on the way. DataError where the folder is no such data set at all."""

    card: SourceCard
    make: Callable[[Path], Iterator[BenchmarkRecord | Problem]]

    def records(self, folder: Path) -> Iterator[BenchmarkRecord | Problem]:
        """What `make` yields, the questions numbered from 0 in their order."""
        index = 0
        for found in self.make(folder):
            if isinstance(found, Problem):
                yield found
            else:
                yield replace(found, index=index)
                index += 1
