"""Which of the known names a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_CLOSE = 0.6


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """All of them, the most alike first, equals by name."""
    return sorted(known, key=lambda one: (-_likeness(name, one), one))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one that was probably meant; None where none is close."""
    first = next(iter(nearest_first(name, known)), None)
    return first if first is not None and _likeness(name, first) >= _CLOSE else None


def _likeness(name: str, other: str) -> float:
    """0..1; capitals and which dash is written do not count. Words that all stand in the other are close to it."""
    first, second = _plain(name), _plain(other)
    least = _CLOSE if set(first.split("_")) <= set(second.split("_")) else 0.0
    return max(least, SequenceMatcher(None, first, second).ratio())


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
