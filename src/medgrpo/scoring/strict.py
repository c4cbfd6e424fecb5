"""The `strict` protocol: ours. What is missed, surplus, empty or unreadable is wrong; what cannot be scored is counted apart.

docs/metrics.md gives the reason for each choice. Scores of single answers are those of the tasks (`medgrpo.tasks`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medgrpo.core import Score, Unparsed
from medgrpo.scoring.ratings import DENSE, Ratings, rated_caption, rated_events
from medgrpo.scoring.records import Record, Records
from medgrpo.scoring.similarity import Embedder, cosines
from medgrpo.scoring.strict_baselines import constant_answer, other_answers
from medgrpo.scoring.strict_figures import Cell, Row, figures
from medgrpo.scoring.verdict import BROKEN, SCORED, UNPARSED, UNSCORED, Verdict
from medgrpo.tasks import TASKS, AnyTask, Caption, NextActionAnswer, task_of

_SOURCES = {"cholec80cvs": "Cholec80-CVS", "jigsaws": "JIGSAWS", "cholect50": "CholecT50", "cholectrack20": "CholecTrack20"}
CAPTIONS = "captions of events: IoU x judge's share of events paired by time, as soft F1; missed and surplus events count 0"
_COUNTED = (SCORED, UNPARSED, UNSCORED, BROKEN)


@dataclass(frozen=True, slots=True)
class StrictResult:
    """Per record a verdict, in order; `tasks`: per task figures over all records and per source."""

    verdicts: tuple[Verdict, ...]
    tasks: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """A record whose task and reference are known."""

    index: int
    record: Record
    source: str
    gold: Any
    answer: Any


def source_name(name: str) -> str:
    """One spelling per data set: MedVidBench writes some in two ways."""
    return _SOURCES.get(name.lower().replace("-", "").replace("_", ""), name)


def score_strict(
    records: Records,
    sentences: Embedder | None = None,
    resamples: int = 1000,
    seed: int = 0,
    ratings: Ratings | None = None,
) -> StrictResult:
    """Score a file. Captions are scored by `ratings`, those of events as a figure of their own (`dense_captions`); without ratings
    by their cosine where `sentences` is given (cut off below 0); else they stay unscored."""
    verdicts: list[Verdict | None] = [None] * len(records.records)
    by_task: dict[str, list[_Read]] = {}
    for index, record in enumerate(records.records):
        read = _read(index, record)
        if isinstance(read, Verdict):
            verdicts[index] = read
        else:
            task = task_of(record.qa_type)
            by_task.setdefault(task.card.name if task else "", []).append(read)
    for name, members in by_task.items():
        for read, verdict in zip(members, _verdicts(TASKS[name], members, sentences, ratings), strict=True):
            verdicts[read.index] = verdict
    done = [verdict or Verdict(UNSCORED) for verdict in verdicts]
    tasks: dict[str, Any] = {}
    for name in TASKS:
        indices = [index for index, record in enumerate(records.records) if _task_name(record) == name]
        if indices:
            tasks[name] = _summarise(TASKS[name], records, indices, done, by_task.get(name, []), resamples, seed)
            if name == DENSE and ratings is not None:
                members = by_task.get(name, [])
                said = list(done)
                for read in members:
                    said[read.index] = _verdict(rated_events(read.answer, read.gold, ratings), read.answer)
                    done[read.index] = _with_captions(done[read.index], said[read.index])
                tasks["dense_captions"] = _summarise(TASKS[name], records, indices, said, members, resamples, seed, CAPTIONS)
    return StrictResult(tuple(done), tasks)


def _task_name(record: Record) -> str:
    task = task_of(record.qa_type)
    return task.card.name if task else ""


def _read(index: int, record: Record) -> _Read | Verdict:
    if record.broken is not None:
        return Verdict(BROKEN, None, {}, record.broken)
    task = task_of(record.qa_type)
    if task is None:
        return Verdict(UNSCORED, None, {}, f"{record.qa_type[:40]!r} is no type of MedVidBench")
    gold = task.reference(record.struc_info, record.gnd)
    if isinstance(gold, Unparsed):
        return Verdict(UNSCORED, None, {}, gold.reason if gold.reason.startswith("reference") else f"reference: {gold.reason}")
    answer: Any = Unparsed("", "the prediction is not text")
    if isinstance(record.prediction, str):
        answer = task.parse(record.prediction)
    return _Read(index, record, source_name(record.data_source), gold, answer)


def _with_captions(verdict: Verdict, said: Verdict) -> Verdict:
    """With the figure of its captions beside that of its spans."""
    return verdict._replace(parts={**verdict.parts, "captions": said.score})


def _verdicts(task: AnyTask, members: Sequence[_Read], sentences: Embedder | None, ratings: Ratings | None) -> list[Verdict]:
    if task.card.needs_judge and ratings is not None:
        return [_verdict(rated_caption(read.answer, read.gold, ratings), read.answer) for read in members]
    if not task.card.needs_judge or sentences is None:
        return [_verdict(task.score(read.answer, read.gold), read.answer) for read in members]
    pairs = [(read.answer.text if isinstance(read.answer, Caption) else "", read.gold.text) for read in members]
    return [
        _verdict(Score(max(0.0, cosine or 0.0), {} if cosine is None else {"similarity": cosine}), read.answer)
        for read, cosine in zip(members, cosines(pairs, sentences), strict=True)
    ]


def _verdict(score: Score, answer: object) -> Verdict:
    if isinstance(answer, Unparsed):
        return Verdict(UNPARSED, 0.0, score.parts, answer.reason)
    return Verdict(SCORED if score.value is not None else UNSCORED, score.value, score.parts, score.note)


def _summarise(
    task: AnyTask,
    records: Records,
    indices: Sequence[int],
    verdicts: Sequence[Verdict],
    members: Sequence[_Read],
    resamples: int,
    seed: int,
    judged: str | None = None,
) -> dict[str, Any]:
    """Figures over all records of a task and per source, each with its counts, intervals and baselines. `judged` is the metric
    where it is one that a judge makes, which has no baselines."""
    rows: dict[str, list[Row]] = {}
    golds: dict[str, list[_Read]] = {}
    for read in members:
        golds.setdefault(read.source, []).append(read)
    for source, reads in golds.items():
        constant = constant_answer(task, [read.gold for read in reads])
        others = other_answers([read.gold for read in reads], seed)
        for read, other in zip(reads, others, strict=True):
            verdict = verdicts[read.index]
            if verdict.score is None:
                continue
            values = {"score": Score(verdict.score, verdict.parts)}
            if not task.card.needs_judge and judged is None:
                values |= {"majority": task.score(constant, read.gold), "random": task.score(other, read.gold)}
            rows.setdefault(source, []).append(_row(read, values))
    counts = {source: _counts([verdicts[index] for index in own]) for source, own in _by_source(records, indices).items()}
    return {
        "metric": judged or task.card.metric,
        "all": {
            **_counts([verdicts[index] for index in indices]),
            **figures([row for own in rows.values() for row in own], "source", resamples, seed),
        },
        "sources": {
            source: {**counted, **figures(rows.get(source, []), "video", resamples, seed)} for source, counted in counts.items()
        },
    }


def _by_source(records: Records, indices: Sequence[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for index in indices:
        groups.setdefault(source_name(records.records[index].data_source), []).append(index)
    return groups


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(_COUNTED, 0)
    for verdict in verdicts:
        counts[verdict.status] += 1
    return {"records": len(verdicts), **counts}


def _row(read: _Read, scores: Mapping[str, Score]) -> Row:
    video = read.record.metadata.get("video_id") or read.record.id
    values = {name: score.value or 0.0 for name, score in scores.items()}
    return Row(f"{read.source}/{video}", read.source, values, _cells(read, scores))


def _cells(read: _Read, scores: Mapping[str, Score]) -> tuple[Cell, ...]:
    """The classes that the gold answer belongs to, for the balanced figure; none where the task has no classes."""
    if isinstance(read.gold, NextActionAnswer):
        hits = {name: score.value or 0.0 for name, score in scores.items()}
        return (Cell((read.source,), read.gold.key, hits),)
    grades: Mapping[str, int] = getattr(read.gold, "grades", {})
    return tuple(
        Cell((read.source, name), str(grade), {key: score.parts.get(name, 0.0) for key, score in scores.items()})
        for name, grade in grades.items()
    )
