"""The caption metrics of the leaderboard: by a judge's ratings (1 to 5), or its fallback, mean cosine similarity in 0..1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medgrpo.scoring.judge_reply import Scores, caption_score, dense_caption_score
from medgrpo.scoring.leaderboard_sources import dense_source
from medgrpo.scoring.records import Record
from medgrpo.scoring.similarity import Embedder, cosines, mean_similarity
from medgrpo.scoring.verdict import SCORED, SKIPPED, UNSCORED, Verdict
from medgrpo.tasks import Rating

RatingOf = Callable[[str, str], Rating | None]
"""The rating of (prediction, reference); None where the judge failed."""

NO_RATING = "the judge gave no rating"
NO_JUDGE = "captions are scored by a judge (or --captions similarity)"


def judge_captions(records: Sequence[Record], embedder: Embedder | None) -> list[Verdict]:
    """Video summaries or region captions: the cosine with the reference's text; unscored without a sentence model."""
    if embedder is None:
        return [Verdict(UNSCORED, None, {}, NO_JUDGE)] * len(records)
    pairs = [caption_pair(record) for record in records]
    return [
        Verdict(SKIPPED, None, {}, "an empty side") if value is None else Verdict(SCORED, value, {"similarity": value})
        for value in cosines(pairs, embedder)
    ]


def rated_captions(records: Sequence[Record], rating_of: RatingOf) -> list[Verdict]:
    """The mean of the five grades, 1 to 5; skipped where a side is empty, unscored where the judge failed."""
    verdicts: list[Verdict] = []
    for record in records:
        prediction, reference = caption_pair(record)
        rating = rating_of(prediction, reference) if prediction and reference else None
        if rating is not None:
            verdicts.append(Verdict(SCORED, rating.mean, dict(rating.grades)))
        else:
            empty = not (prediction and reference)
            verdicts.append(Verdict(SKIPPED, None, {}, "an empty side") if empty else Verdict(UNSCORED, None, {}, NO_RATING))
    return verdicts


def summarise_rated(records: Sequence[Record], rating_of: RatingOf, key: str) -> tuple[dict[str, float], dict[str, Any]]:
    """The official aggregate over the pairs that were rated; no metric where none was."""
    pairs = [caption_pair(record) for record in records]
    judged = caption_score([(*pair, _scores(rating_of, *pair)) for pair in pairs])
    told = {"aspects": dict(judged.aspects), "scored": judged.scored, "asked": judged.asked, "success_rate": judged.success_rate}
    return ({} if judged.score is None else {key: judged.score}), told


def dense_rated(
    records: Sequence[Record], pairs_of: Callable[[Record], Mapping[str, Sequence[tuple[str, str]]]], rating_of: RatingOf
) -> tuple[float | None, dict[str, Any]]:
    """Dense captioning: the official figure per source, combined with weights of all records; None where no pair was rated."""
    groups: dict[str, tuple[int, dict[str, list[Scores | None]]]] = {}
    for record in records:
        source = dense_source(record)
        count, scores = groups.get(source, (0, {}))
        for threshold, members in pairs_of(record).items():
            scores.setdefault(threshold, []).extend(_scores(rating_of, *pair) for pair in members)
        groups[source] = (count + 1, scores)
    every = [one for _, scores in groups.values() for members in scores.values() for one in members]
    scored = sum(one is not None for one in every)
    told = {"scored": scored, "asked": len(every), "success_rate": scored / len(every) if every else 0.0}
    if every and not scored:
        return None, told
    return sum(dense_caption_score(scores) * count for count, scores in groups.values()) / len(records), told


def _scores(rating_of: RatingOf, prediction: str, reference: str) -> Scores | None:
    rating = rating_of(prediction, reference) if prediction and reference else None
    return None if rating is None else rating.grades


def caption_pair(record: Record) -> tuple[str, str]:
    """The whole answer and the whole reference; an answer that is no text counts as empty."""
    return (record.prediction if isinstance(record.prediction, str) else "", record.gnd)


def summarise_captions(verdicts: Sequence[Verdict], key: str) -> tuple[dict[str, float], dict[str, Any]]:
    """The mean over pairs with both sides; no metric without a judge or a sentence model."""
    if any(verdict.status == UNSCORED for verdict in verdicts):
        return {}, {}
    known = [verdict.score for verdict in verdicts if verdict.score is not None]
    return {key: sum(known) / len(known) if known else 0.0}, {}


def dense_similarity(records: Sequence[Record], embedder: Embedder) -> float:
    """Dense captioning: per source over the whole answers, combined with weights of all records, as F1 is."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for record in records:
        groups.setdefault(dense_source(record), []).append(caption_pair(record))
    total = sum(mean_similarity(pairs, embedder) * len(pairs) for pairs in groups.values())
    return total / len(records) if records else 0.0
