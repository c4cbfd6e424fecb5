"""What is wrong with one entry of a data set: the rest of the set can still be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from medgrpo.core import DataError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is a line, a key or the number of a record in the file at `path`."""

    path: Path
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.place}: {self.reason}"


def all_or_error(found: Iterable[T | Problem]) -> Iterator[T]:
    """What was read, for who needs all of it: the first problem is a DataError."""
    for one in found:
        if isinstance(one, Problem):
            raise DataError(one.path, f"{one.place}: {one.reason}")
        yield one
