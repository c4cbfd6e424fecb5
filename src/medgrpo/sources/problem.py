"""What is wrong with one entry of a data set: the rest of the set can still be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is a line, a key or the number of a record in the file at `path`."""

    path: Path
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.place}: {self.reason}"
