"""Calibration from a file of a model's own answers: the strict score of each record, per (source, task, part)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medgrpo.core import InputError
from medgrpo.reward.calibration import FLOOR, STEEPNESS, Calibration, Key, statistics_of
from medgrpo.scoring import Embedder, Ratings, Records, score_strict, source_name
from medgrpo.tasks import TASKS, task_of


@dataclass(frozen=True, slots=True)
class MeasuredScores:
    """Scores by key, None where one could not be made; `broken` counts records that hold no question of MedVidBench."""

    scores: Mapping[Key, tuple[float | None, ...]]
    broken: int


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
    """Statistics of every key; InputError when a key has fewer than `least` scores, for quartiles of a handful are noise."""
    few = {str(key): len([s for s in scores if s is not None]) for key, scores in measured.scores.items()}
    few = {key: n for key, n in few.items() if n < least}
    if few:
        said = ", ".join(f"{key} ({n})" for key, n in sorted(few.items()))
        raise InputError(f"fewer than {least} scored answers for {said}: answer more questions of it, or lower --least")
    if not measured.scores:
        raise InputError("no record holds an answer that can be scored")
    order = list(TASKS)
    keys = sorted(measured.scores, key=lambda key: (order.index(key.task), key.source, key.part))
    return Calibration(
        checkpoint=checkpoint,
        steepness=steepness,
        floor=floor,
        statistics=tuple(statistics_of(key, measured.scores[key]) for key in keys),
    )
