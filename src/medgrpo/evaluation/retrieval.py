"""How well search finds: recall at k of written queries whose relevant places are known, by terms, by meaning, and fused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from medgrpo.core import Config
from medgrpo.evaluation.extraction import Interval
from medgrpo.evaluation.intervals import bootstrap
from medgrpo.evaluation.places import LabelledDocuments, Place
from medgrpo.library import KnowledgeBase, Searcher

_RANKINGS = ("terms", "meaning", "fused")


class LabelledQuery(Config):
    """A query and the places that answer it."""

    query: str = Field(min_length=1)
    relevant: tuple[Place, ...] = Field(min_length=1)


class QueryRecall(Config):
    """Of one query, per ranking: the share of relevant places that the first k results cover, and the first that does."""

    query: str
    recall: dict[str, float]
    first: dict[str, int | None]


class RetrievalResult(Config):
    """Means over the queries with bootstrap 95 % intervals; a reciprocal rank is 0 where none of the first k is relevant."""

    k: int
    passages: int
    queries: int
    recall: dict[str, Interval]
    reciprocal_rank: dict[str, Interval]
    per_query: tuple[QueryRecall, ...]


def held_out(query: str) -> bool:
    """Whether search may not be tuned on this query: its SHA-256 is odd."""
    return hashlib.sha256(query.encode()).digest()[-1] % 2 == 1


def evaluate_retrieval(
    base: KnowledgeBase, searcher: Searcher, queries: Sequence[LabelledQuery], labels: Path, k: int = 10
) -> RetrievalResult:
    """DataError where a relevant place is not in the knowledge base."""
    documents = LabelledDocuments(base, labels)
    rows: list[QueryRecall] = []
    for query in queries:
        wanted = [(*documents.find(place), place.end_char - place.start_char) for place in query.relevant]
        recall, first = dict[str, float](), dict[str, int | None]()
        for name, numbers in _rankings(searcher, query.query, k).items():
            hits = [_covered(searcher, number, wanted) for number in numbers]
            recall[name], first[name] = recall_and_first(hits, len(wanted))
        rows.append(QueryRecall(query=query.query, recall=recall, first=first))
    names = list(rows[0].recall) if rows else []
    return RetrievalResult(
        k=k,
        passages=searcher.passages,
        queries=len(rows),
        recall={name: _mean([row.recall[name] for row in rows]) for name in names},
        reciprocal_rank={name: _mean([1 / rank if (rank := row.first[name]) else 0.0 for row in rows]) for name in names},
        per_query=tuple(rows),
    )


def recall_and_first(hits: Sequence[set[int]], wanted: int) -> tuple[float, int | None]:
    """From the relevant places that each result covers, best result first: the share covered, and the rank of the first hit."""
    covered = set[int]().union(*hits)
    return len(covered) / wanted, next((rank for rank, hit in enumerate(hits, start=1) if hit), None)


def _mean(values: Sequence[float]) -> Interval:
    def mean(some: Sequence[float]) -> float | None:
        return sum(some) / len(some) if some else None

    return Interval.around(mean(values), bootstrap(values, mean) if values else None)


def _rankings(searcher: Searcher, query: str, k: int) -> dict[str, list[int]]:
    fused = [number for number, _ in searcher.fused(query)[:k]]
    by_terms = [number for number, _ in searcher.by_terms(query, k)]
    by_meaning = [number for number, _ in searcher.by_meaning(query, k)]
    return dict(zip(_RANKINGS, (by_terms, by_meaning, fused), strict=True))


def _covered(searcher: Searcher, number: int, wanted: Sequence[tuple[str, int, int]]) -> set[int]:
    """Which wanted places (document id, start, length) the passage shares characters with."""
    passage = searcher.passage(number)
    return {
        index
        for index, (document_id, start, length) in enumerate(wanted)
        if passage.document_id == document_id and min(passage.end_char, start + length) > max(passage.start_char, start)
    }
