"""Figures over all replies to a task: the leaderboard's, ours, and the share of replies that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from medgrpo.benchmark import record_line
from medgrpo.core import Unparsed
from medgrpo.harness.data import questions
from medgrpo.scoring import LazyMiniLM, Records, record_from, score_leaderboard, score_strict

Replies = Sequence[dict[str, Any]]


def _records(replies: Replies) -> Records:
    rows = questions()
    lines = (record_line(rows[one["place"]], one["prediction"]) for one in replies)
    return Records(tuple(record_from(line, f"reply {number}") for number, line in enumerate(lines, 1)))


def _official(key: str) -> Callable[[Replies], float]:
    def measure(replies: Replies) -> float:
        return score_leaderboard(_records(replies), LazyMiniLM()).rounded.get(key, float("nan"))

    return measure


tag_miou_03, tag_miou_05, stg_miou = _official("tag_miou_03"), _official("tag_miou_05"), _official("stg_miou")
dvc_f1, nap_acc, sa_acc, cvs_acc = _official("dvc_f1"), _official("nap_acc"), _official("sa_acc"), _official("cvs_acc")


def strict(replies: Replies) -> float:
    """The pooled mean of the strict protocol; not a number where no reference can be read."""
    tasks = score_strict(_records(replies), resamples=1).tasks
    pooled = next(iter(tasks.values()))["all"]["pooled"]
    return float("nan") if pooled is None else pooled["value"]


def unread(replies: Replies) -> float:
    """The share of replies that hold no answer."""
    rows = questions()
    return sum(isinstance(rows[one["place"]].task.parse(one["prediction"]), Unparsed) for one in replies) / len(replies)
