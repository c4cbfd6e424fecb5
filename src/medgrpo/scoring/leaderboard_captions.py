"""The caption metrics of the leaderboard without its judge: mean cosine similarity in 0..1, in the same columns as 1 to 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medgrpo.scoring.leaderboard_sources import dense_source
from medgrpo.scoring.records import Record
from medgrpo.scoring.similarity import Embedder, cosines, mean_similarity
from medgrpo.scoring.verdict import SCORED, SKIPPED, UNSCORED, Verdict

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
