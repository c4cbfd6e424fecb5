"""Calibration from a file of a model's own answers: the strict score of each record, per (source, task, part)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from medgrpo.core import InputError
from medgrpo.reward.calibration import FLOOR, STEEPNESS, Calibration, Key, statistics_of, without_scale
from medgrpo.scoring import Embedder, Ratings, Records, score_strict, source_name
from medgrpo.tasks import TASKS, task_of


@dataclass(frozen=True, slots=True)
class MeasuredScores:
    """Scores by key, None where one could not be made; `broken` counts records that hold no question of MedVidBench."""

    scores: Mapping[Key, tuple[float | None, ...]]
    broken: int


def of_tasks(records: Records, names: Collection[str]) -> Records:
    """The records of these tasks, and those of no task, which stay to be counted. InputError for a name that is no task."""
    unknown = sorted(set(names) - set(TASKS))
    if unknown:
        raise InputError(f"no such task: {', '.join(unknown)}; there are {', '.join(TASKS)}")
    tasks = [task_of(record.qa_type) for record in records.records]
    kept = tuple(record for record, task in zip(records.records, tasks, strict=True) if task is None or task.card.name in names)
    return replace(records, records=kept)


def measured_scores(records: Records, sentences: Embedder | None = None, ratings: Ratings | None = None) -> MeasuredScores:
    """Strict scores (`Task.score`); an answer that cannot be read scores 0.

    Captions give `similarity` where `sentences` is given and `judge` where `ratings` are; without either a `similarity` that nobody
    could measure.
    """
    plain = score_strict(records, sentences, resamples=1).verdicts
    rated = plain if ratings is None else score_strict(records, None, resamples=1, ratings=ratings).verdicts
    held: dict[Key, list[float | None]] = {}
    broken = 0
    for record, verdict, judged in zip(records.records, plain, rated, strict=True):
        task = task_of(record.qa_type)
        if task is None or verdict.status == "broken":
            broken += 1
            continue
        parts = {"score": verdict.score} if not task.card.needs_judge else {}
        if task.card.needs_judge and (sentences is not None or ratings is None):
            parts["similarity"] = verdict.score
        if task.card.needs_judge and ratings is not None:
            parts["judge"] = judged.score
        for part, score in parts.items():
            held.setdefault(Key(source_name(record.data_source), task.card.name, part), []).append(score)
    return MeasuredScores({key: tuple(scores) for key, scores in held.items()}, broken)


def calibrate(
    measured: MeasuredScores, checkpoint: str, steepness: float = STEEPNESS, floor: float = FLOOR, least: int = 8
) -> Calibration:
    """Statistics of every key; InputError when a key has fewer than `least` scores, for quartiles of a handful are noise, or none
    above 0."""
    known = {key: len([score for score in scores if score is not None]) for key, scores in measured.scores.items()}
    unmeasured = sorted(f"{key.source}/{key.task}" for key, count in known.items() if key.part == "similarity" and not count)
    if unmeasured:
        raise InputError(
            f"nothing measured the captions of {', '.join(unmeasured)}: give --captions similarity or --judge, or name the other "
            "tasks with --tasks"
        )
    few = sorted(f"{key} ({count} of {len(measured.scores[key])})" for key, count in known.items() if count < least)
    if few:
        raise InputError(f"fewer than {least} scored answers for {', '.join(few)}: answer more questions of it, or lower --least")
    if not measured.scores:
        raise InputError("no record holds an answer that can be scored")
    order = list(TASKS)
    keys = sorted(measured.scores, key=lambda key: (order.index(key.task), key.source, key.part))
    statistics = tuple(statistics_of(key, measured.scores[key]) for key in keys)
    if nothing := [entry for entry in statistics if not entry.has_scale]:
        raise InputError(without_scale(nothing))
    return Calibration(checkpoint=checkpoint, steepness=steepness, floor=floor, statistics=statistics)
