"""Search in a knowledge base: by terms (BM25) and by meaning (sentence vectors), joined by reciprocal rank fusion.

Reciprocal rank fusion (Cormack, Clarke, Buettcher, SIGIR 2009): a passage's score is the sum of weight / (10 + rank) over the
rankings that found it; terms weigh 1, meaning 0.7. No score of one ranking is ever compared with one of the other. The paper has 60
and no weights; ours were chosen on one half of the written queries (docs/knowledge.md).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from pydantic import Field

from medgrpo.core import Config, InputError
from medgrpo.library.bm25 import terms
from medgrpo.library.embedding import SentenceEmbedder
from medgrpo.library.nearest import nearest
from medgrpo.library.records import Claim, Passage
from medgrpo.library.search_index import SearchIndex
from medgrpo.library.store import KnowledgeBase

_RRF = 10
_MEANING_WEIGHT = 0.7
_DEPTH = 50  # of each ranking
_CLAIM_PASSAGES = 20  # claims are looked for in so many of the best passages


class Scores(Config):
    """Why a passage was found. `terms` is BM25, `meaning` a cosine; None where that ranking did not have it among its first 50."""

    fused: float
    terms: float | None = None
    terms_rank: int | None = Field(default=None, ge=1)
    meaning: float | None = None
    meaning_rank: int | None = Field(default=None, ge=1)


class FoundPassage(Config):
    """A passage with its document's name and its scores."""

    passage: Passage
    document: str
    scores: Scores


class FoundClaim(Config):
    """A claim of one of the best passages whose quote shares words with the query, as it stands now; `shared` is their share."""

    claim: Claim
    document: str
    shared: float


class SearchResult(Config):
    """What was found. `note` says what the search could not do, None where it did everything."""

    query: str
    by: tuple[str, ...]
    note: str | None
    passages: tuple[FoundPassage, ...]
    claims: tuple[FoundClaim, ...]
    milliseconds: float


Ranking = Sequence[tuple[int, float]]
"""Passage numbers and scores, best first."""


def fuse(by_terms: Ranking, by_meaning: Ranking) -> list[tuple[int, Scores]]:
    """Both rankings joined, best first; equal scores in order of passage number."""
    ranks = [{number: (rank, score) for rank, (number, score) in enumerate(found, start=1)} for found in (by_terms, by_meaning)]
    joined: list[tuple[int, Scores]] = []
    for number in sorted({*ranks[0], *ranks[1]}):
        (terms_rank, by_term), (meaning_rank, by_sense) = (found.get(number, (None, None)) for found in ranks)
        weighed = ((1.0, terms_rank), (_MEANING_WEIGHT, meaning_rank))
        fused = sum(weight / (_RRF + rank) for weight, rank in weighed if rank is not None)
        scores = Scores(fused=fused, terms=by_term, terms_rank=terms_rank, meaning=by_sense, meaning_rank=meaning_rank)
        joined.append((number, scores))
    return sorted(joined, key=lambda found: -found[1].fused)


class Searcher:
    """An opened index that answers queries: with a model by terms and meaning, without one by terms only, which results say."""

    def __init__(self, base: KnowledgeBase, model: SentenceEmbedder | None, missing: str | None = None) -> None:
        """`missing` says why there is no model. DataError where the index is not of the knowledge base's present contents."""
        self._index = SearchIndex(base, None if model is None else model.name)
        self._model = model
        self._note = None if model is not None else f"by terms only: {missing or 'search by meaning was switched off'}"
        self._decided = {decision.claim_id: decision.claim for decision in base.decisions}
        self._decided_of: dict[str, list[Claim]] = {}
        for claim in self._decided.values():
            self._decided_of.setdefault(claim.passage_id, []).append(claim)

    @property
    def passages(self) -> int:
        """How many passages are searched."""
        return self._index.header.passages

    def search(self, query: str, count: int) -> SearchResult:
        """At most `count` passages and as many claims, best first. InputError where the query holds no word."""
        start = time.perf_counter()
        if not any(char.isalnum() for char in query):
            raise InputError("the search text holds no word")
        found = self.fused(query)
        passages = tuple(self._found(number, scores) for number, scores in found[:count])
        claims = self._claims(query, [number for number, _ in found[:_CLAIM_PASSAGES]], count)
        return SearchResult(
            query=query,
            by=("terms",) if self._model is None else ("terms", "meaning"),
            note=self._note,
            passages=passages,
            claims=claims,
            milliseconds=1000 * (time.perf_counter() - start),
        )

    def fused(self, query: str) -> list[tuple[int, Scores]]:
        """Passage numbers of both rankings joined, best first."""
        return fuse(self.by_terms(query, _DEPTH), self.by_meaning(query, _DEPTH))

    def by_terms(self, query: str, count: int) -> Ranking:
        """Passage numbers and BM25 scores."""
        numbers, scores = self._index.terms.best(query, count)
        return list(zip(numbers.tolist(), scores.tolist(), strict=True))

    def by_meaning(self, query: str, count: int) -> Ranking:
        """Passage numbers and cosines; empty without a model."""
        vectors, bits = self._index.vectors, self._index.bits
        if self._model is None or vectors is None or bits is None:
            return []
        numbers, scores = nearest(self._model.embed([query])[0], vectors, bits, count)
        return list(zip(numbers.tolist(), scores.tolist(), strict=True))

    def passage(self, number: int) -> Passage:
        """The passage of that number."""
        return self._index.passage(number)

    def _found(self, number: int, scores: Scores) -> FoundPassage:
        return FoundPassage(passage=self._index.passage(number), document=self._index.document_of(number).name, scores=scores)

    def _claims(self, query: str, numbers: Sequence[int], count: int) -> tuple[FoundClaim, ...]:
        wanted = set(terms(query))
        found: list[FoundClaim] = []
        for number in numbers:
            document = self._index.document_of(number).name
            for claim in self._current(number):
                shared = len(wanted & set(terms(claim.quote))) / len(wanted) if wanted else 0.0
                if shared > 0:
                    found.append(FoundClaim(claim=claim, document=document, shared=shared))
        return tuple(sorted(found, key=lambda one: -one.shared)[:count])

    def _current(self, number: int) -> list[Claim]:
        """The claims of a passage as they stand now; decided ones are kept when a new reading no longer finds them."""
        claims = [self._decided.get(claim.id, claim) for claim in self._index.claims_of(number)]
        if self._decided_of:
            ids = {claim.id for claim in claims}
            kept = self._decided_of.get(self._index.passage(number).id, [])
            claims += [claim for claim in kept if claim.id not in ids]
        return claims
