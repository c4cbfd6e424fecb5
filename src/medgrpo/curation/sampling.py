"""How many questions of each task and source a set holds: equal shares, and what one cannot give the others give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


def shares(available: Mapping[str, int], total: int) -> dict[str, int]:
    """Water filling: every name gets the same, but none more than it has; the sum is the smaller of `total` and all there is.

    What cannot be divided evenly goes to the first names in alphabetical order.
    """
    given = dict.fromkeys(available, 0)
    left = min(total, sum(available.values()))
    while left:
        open_names = sorted(name for name in available if given[name] < available[name])
        each = max(1, left // len(open_names))
        for name in open_names:
            more = min(each, available[name] - given[name], left)
            given[name] += more
            left -= more
    return given


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may be drawn. `order` is its draw; `place` says where it lies: (source, index)."""

    task: str
    source: str
    order: float
    place: tuple[str, int]


def balanced(candidates: Iterable[Candidate], total: int) -> set[tuple[str, int]]:
    """The places of `total` questions, equal over tasks, and within a task over sources; of each the ones drawn first.

    A question that is in a set of some size is in every larger set of the same candidates in its task and source.
    """
    groups: dict[str, dict[str, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for one in candidates:
        groups[one.task][one.source].append(one)
    per_task = shares({task: sum(map(len, held.values())) for task, held in groups.items()}, total)
    chosen: set[tuple[str, int]] = set()
    for task, held in groups.items():
        per_source = shares({source: len(ones) for source, ones in held.items()}, per_task[task])
        for source, ones in held.items():
            ones.sort(key=lambda one: (one.order, one.place))
            chosen.update(one.place for one in ones[: per_source[source]])
    return chosen
