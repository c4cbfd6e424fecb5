"""Labels on a line of times: unbroken runs, groups and windows of them, and frames picked from ragged numbers. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import TypeVar

from medgrpo.core import Span

L = TypeVar("L")


def unbroken(numbers: Iterable[int], step: int = 1) -> list[tuple[int, int]]:
    """Runs of ascending numbers that lie at most `step` apart, as (first, last)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number - runs[-1][1] <= step:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def label_runs(labels: Mapping[int, AbstractSet[L]], step: int = 1) -> list[tuple[int, int, L]]:
    """Per label its unbroken runs, as (first, last, label), in order of time, where labels are given by ascending number."""
    held: dict[L, list[int]] = {}
    for number, found in labels.items():
        for one in found:
            held.setdefault(one, []).append(number)
    runs = [(first, last, one) for one, numbers in held.items() for first, last in unbroken(numbers, step)]
    return sorted(runs, key=lambda run: (run[0], run[1], str(run[2])))


def windows(first: int, last: int, longest: int) -> list[tuple[int, int]]:
    """`first`..`last` cut into as few pieces of nearly equal length as hold at most `longest` numbers each."""
    count = last - first + 1
    pieces = -(-count // longest)
    edges = [first + count * piece // pieces for piece in range(pieces + 1)]
    return [(start, end - 1) for start, end in pairwise(edges)]


def groups(spans: Sequence[Span], longest_seconds: float) -> list[tuple[int, int]]:
    """Spans in order of start, cut where no span is under way, so that a group lasts at most `longest_seconds` where that is
    possible. As (first, one past the last) index."""
    cut: list[tuple[int, int]] = []
    begin, end = 0, 0.0
    for index, span in enumerate(spans):
        if index > begin and span.start_seconds >= end and span.end_seconds - spans[begin].start_seconds > longest_seconds:
            cut.append((begin, index))
            begin = index
        end = max(end, span.end_seconds)
    return [*cut, (begin, len(spans))] if spans else []


def spaced(numbers: Sequence[int], step: float) -> tuple[int, ...]:
    """The first number, then each time the first that lies at least `step` on: as ragged as what is there."""
    picked: list[int] = []
    for number in numbers:
        if not picked or number - picked[-1] >= step:
            picked.append(number)
    return tuple(picked)
