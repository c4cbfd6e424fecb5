"""One thing that is wrong in a knowledge file: where, what, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from medgrpo.core import nearest


@dataclass(frozen=True, slots=True)
class Fault:
    entry: str
    reason: str
    remedy: str


def repeated(entry: str, names: Iterable[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(entry, f"{name!r} stands there {count} times", "keep one of them, or rename the others")


def instead(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest known one, or some of those that there are."""
    names = sorted(known)
    if near := nearest(name, names):
        return f"did you mean {near!r}?"
    few = ", ".join(names[:8])
    return f"known are {few}{' ...' if len(names) > 8 else ''}" if names else "add it first"
