"""Scripted answers to any file of records: what a protocol gives to a model that does not look, or that knows how it is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from medgrpo.core import Unparsed
from medgrpo.scoring.leaderboard import score_leaderboard
from medgrpo.scoring.records import Record, Records
from medgrpo.scoring.strict import source_name
from medgrpo.scoring.strict_baselines import constant_answer, other_answers
from medgrpo.scoring.verdict import ERROR
from medgrpo.tasks import (
    ASPECTS,
    CRITERIA,
    TASKS,
    AnyTask,
    CriticalViewAnswer,
    DenseAnswer,
    SkillAnswer,
    TemporalAnswer,
    TrackAnswer,
    task_of,
)

_ZERO: Mapping[str, str] = {
    "temporal_grounding": "0.0-0.0 seconds.",
    "spatiotemporal_grounding": "0.0 seconds: [0, 0, 0, 0]",
    "next_action": "0",
    "dense_captioning": "0.0-0.0 seconds: 0",
    "video_summary": "0",
    "region_caption": "0",
    "skill_assessment": ", ".join(f"{name}: 0/5" for name in ASPECTS),
    "critical_view": ", ".join(f"{name}: 0" for name in CRITERIA),
}
_LADDER = ", ".join(
    f"{start}-{start + length}" for length in (2, 5, 10, 20, 40, 80, 160) for start in range(0, 320, max(1, length // 2))
)

Answers = Callable[[AnyTask, Sequence[Record], Sequence[Any]], list[str]]


def _each(write: Callable[[AnyTask, Record, Any], str]) -> Answers:
    return lambda task, records, golds: [write(task, *pair) for pair in zip(records, golds, strict=True)]


def _constant(task: AnyTask, _records: Sequence[Record], golds: Sequence[Any]) -> list[str]:
    return [task.write(constant_answer(task, golds))] * len(golds)


def _random(task: AnyTask, _records: Sequence[Record], golds: Sequence[Any]) -> list[str]:
    return [task.write(other) for other in other_answers(golds, seed=0)]


def _first_part(task: AnyTask, _record: Record, gold: Any) -> str:
    if isinstance(gold, TemporalAnswer):
        return task.write(TemporalAnswer(gold.spans[:1]))
    if isinstance(gold, TrackAnswer):
        return task.write(TrackAnswer(gold.boxes[:1]))
    if isinstance(gold, DenseAnswer):
        return task.write(DenseAnswer(gold.events[:1]))
    if isinstance(gold, CriticalViewAnswer | SkillAnswer):
        return task.write(type(gold)(dict(list(gold.grades.items())[:1])))
    return task.write(gold)


def _ladder(task: AnyTask, _record: Record, gold: Any) -> str:
    return f"{_LADDER} seconds." if isinstance(gold, TemporalAnswer) else _ZERO[task.card.name]


SCRIPTS: Mapping[str, Answers] = {
    "silent": _each(lambda _task, _record, _gold: ""),
    "zero": _each(lambda task, _record, _gold: _ZERO[task.card.name]),
    "question": _each(lambda _task, record, _gold: record.question),
    "random": _random,
    "constant": _constant,
    "ladder": _each(_ladder),
    "first part": _each(_first_part),
    "perfect": _each(lambda task, _record, gold: task.write(gold)),
}
"""silent: nothing. zero: zeros in the right form. question: a copy of it. random: the reference of another record of the source.
constant: the best constant answer per source. ladder: hundreds of spans of all lengths where spans are asked, zeros elsewhere.
first part: only the first span, box, event or grade of the reference. perfect: the reference."""


def usable(records: Records) -> Records:
    """Without the records on which even the reference as the answer makes the official evaluator fail."""
    answered = answer_all(records, "perfect")
    verdicts = score_leaderboard(answered).verdicts
    kept = (record for record, verdict in zip(answered.records, verdicts, strict=True) if verdict.status != ERROR)
    return Records(tuple(kept))


def answer_all(records: Records, script: str) -> Records:
    """The same records answered by a script. Records whose reference cannot be read are left out, for every script alike."""
    groups: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for index, record in enumerate(records.records):
        task = task_of(record.qa_type)
        gold = (
            task.reference(record.struc_info, record.gnd) if task is not None and record.broken in (None, "no prediction") else None
        )
        if task is not None and gold is not None and not isinstance(gold, Unparsed):
            groups.setdefault((task.card.name, source_name(record.data_source)), []).append((index, gold))
    answered: dict[int, Record] = {}
    for (name, _), members in groups.items():
        own = [records.records[index] for index, _ in members]
        texts = SCRIPTS[script](TASKS[name], own, [gold for _, gold in members])
        for (index, _), record, text in zip(members, own, texts, strict=True):
            answered[index] = replace(record, prediction=text, broken=None)
    return Records(tuple(answered[index] for index in sorted(answered)))
