"""What a figure must beat: the best constant answer per source, and the reference of another record of the source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from medgrpo.tasks import AnyTask, CriticalViewAnswer, NextActionAnswer, SkillAnswer

_TRIED_ON = 60
"""References on which each candidate for the constant answer is tried; the chosen one is then scored on all."""


def constant_answer(task: AnyTask, golds: Sequence[Any]) -> Any:
    """The constant answer of a source, chosen on its references themselves: the most that a model that does not look can get.

    Labels and grades: the most frequent, each aspect for itself. Spans, boxes and events: of some references evenly
    spread over the source the one that scores best on average. Captions: of as many the one that shares most words with the others.
    """
    first = golds[0]
    if isinstance(first, NextActionAnswer):
        key = Counter(gold.key for gold in golds).most_common(1)[0][0]
        return next(gold for gold in golds if gold.key == key)
    if isinstance(first, CriticalViewAnswer | SkillAnswer):
        names = dict.fromkeys(name for gold in golds for name in gold.grades)
        return type(first)(
            {name: Counter(gold.grades[name] for gold in golds if name in gold.grades).most_common(1)[0][0] for name in names}
        )
    tried = _spread(golds, _TRIED_ON)
    if task.card.needs_judge:
        return max(tried, key=lambda one: sum(_shared_words(one.text, other.text) for other in tried))
    return max(
        _spread(golds, task.card.constant_candidates),
        key=lambda candidate: sum(task.score(candidate, gold).value or 0.0 for gold in tried),
    )


def _shared_words(one: str, other: str) -> float:
    """Distinct words that both have, over those that either has."""
    first, second = set(one.lower().split()), set(other.lower().split())
    return len(first & second) / len(first | second)


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    if len(items) <= count:
        return list(items)
    return [items[index * len(items) // count] for index in range(count)]


def other_answers(golds: Sequence[Any], seed: int) -> list[Any]:
    """For each record the reference of another one, in a random order by the seed; its own where it is alone."""
    order = np.random.default_rng(seed).permutation(len(golds))
    others: list[Any] = [None] * len(golds)
    for place, index in enumerate(order):
        others[index] = golds[order[place - 1]]
    return others
