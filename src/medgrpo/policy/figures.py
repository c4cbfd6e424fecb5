"""The running figures of a step, per (source, task): what hides in a total shows here. One JSON line per step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from medgrpo.models import Encoded
from medgrpo.policy.questions import Question, SourceTask
from medgrpo.policy.rewarding import Rewarded
from medgrpo.policy.rollout import Sampled
from medgrpo.policy.update import AnswerFigures
from medgrpo.reward import spread_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its sampled answers and their rewards; whether it has spread enough to learn from.

    `encoded` is None where another process sampled the answers: that one will learn from them.
    """

    question: Question
    encoded: Encoded | None
    answers: tuple[Sampled, ...]
    replies: tuple[str, ...]
    rewarded: tuple[Rewarded, ...]

    @property
    def spread(self) -> float:
        return spread_of([one.reward for one in self.rewarded])


@dataclass(slots=True, repr=False)
class Collected:
    """A step's questions in the order in which they were drawn; clips that could not be had, by question and reason.

    No repr of its own: `asyncio.Runner` makes one of what its coroutine gave back, each time, and writing tensors out took longer
    than sampling them with a small model.
    """

    asked: list[Asked] = field(default_factory=list[Asked])
    skipped: list[tuple[Question, str]] = field(default_factory=list[tuple[Question, str]])

    @property
    def with_spread(self) -> list[Asked]:
        return [one for one in self.asked if one.spread > 0]


def by_source_task(
    collected: Collected,
    used: Sequence[Asked],
    advantages: Sequence[Sequence[float]],
    seen: Sequence[Sequence[AnswerFigures | None]],
) -> dict[str, dict[str, Any]]:
    """`source/task` -> figures; None where there is nothing to take a mean of. `used`: the groups of the update, in the same order
    as `advantages` and `seen`."""
    keys: dict[SourceTask, list[Asked]] = {}
    for one in collected.asked:
        keys.setdefault(one.question.source_task, []).append(one)
    skipped: dict[SourceTask, int] = {}
    for question, _ in collected.skipped:
        skipped[question.source_task] = skipped.get(question.source_task, 0) + 1
    table: dict[str, dict[str, Any]] = {}
    for key in sorted({*keys, *skipped}):
        groups = keys.get(key, [])
        rewarded = [one for group in groups for one in group.rewarded]
        answers = [answer for group in groups for answer in group.answers]
        places = [place for place, group in enumerate(used) if group.question.source_task == key]
        figures = [figure for place in places for figure in seen[place] if figure is not None]
        table["/".join(key)] = {
            "groups": len(groups),
            "answers": len(answers),
            "skipped": skipped.get(key, 0),
            "unscored": sum(one.reward is None for one in rewarded),
            "raw": mean([one.raw for one in rewarded]),
            "reward": mean([one.reward for one in rewarded]),
            "spread": mean([group.spread for group in groups]),
            "zero_spread": mean([float(group.spread == 0) for group in groups]),
            "unreadable": mean([float(not one.readable) for one in rewarded]),
            "overlong": mean([float(answer.finish == "length") for answer in answers]),
            "length": mean([float(len(answer.token_ids)) for answer in answers]),
            "advantage": mean([abs(value) for place in places for value in advantages[place]]),
            "clipped": mean([figure.clipped for figure in figures]),
            "entropy": mean([figure.entropy for figure in figures]),
            "drift": mean([figure.drift for figure in figures]),
            "worst_drift": max((figure.worst_drift for figure in figures), default=None),
            "capped": mean([figure.capped for figure in figures]),
            "kl": mean([figure.kl for figure in figures]),
        }
    return table


def mean(values: Sequence[float | None]) -> float | None:
    """Of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def overall(table: Mapping[str, Mapping[str, Any]], name: str) -> float | None:
    """The mean of a figure over keys, each key alike."""
    return mean([row[name] for row in table.values()])
