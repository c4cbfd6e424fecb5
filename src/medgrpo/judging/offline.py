"""A judge that needs neither a network nor a language model: captions compared as sets of concepts, and by a sentence model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from medgrpo.judging.comparison import Comparison, compare
from medgrpo.judging.grading import grade
from medgrpo.judging.lexicon import Lexicon, load_lexicon
from medgrpo.judging.reading import LONGEST, Reading, read_caption
from medgrpo.scoring import Embedder, LazyMiniLM, cosines
from medgrpo.tasks import CaptionPair, Rating, RubricKind

VERSION = "concepts-1"


@dataclass(frozen=True, slots=True)
class Explained:
    """A rating and what it rests on; `cosine` is that of the sentence embeddings."""

    rating: Rating
    comparison: Comparison
    cosine: float
    notes: tuple[str, ...] = ()

    def as_json(self) -> Mapping[str, object]:
        """For a result file."""
        return {
            "grades": dict(self.rating.grades),
            "matched": list(self.comparison.matched),
            "missing": list(self.comparison.missing),
            "added": list(self.comparison.added),
            "contradicted": [f"{one.kind}: {one.words}" for one in self.comparison.contradictions],
            "cosine": round(self.cosine, 4),
            "notes": list(self.notes),
        }


class OfflineJudge:
    """Comparative, deterministic, for captions in English. It rates every pair: what it cannot read it grades as saying nothing."""

    kind = RubricKind.COMPARATIVE

    def __init__(self, embedder: Embedder | None = None, lexicon: Lexicon | None = None) -> None:
        self._embedder = embedder or LazyMiniLM()
        self._lexicon = lexicon or load_lexicon()
        self._read = lru_cache(maxsize=20_000)(self._read_anew)

    @property
    def name(self) -> str:
        """Version of the rules, vocabulary and sentence model."""
        return f"offline {VERSION} ({self._lexicon.fingerprint}, {self._embedder.name})"

    async def rate(self, pairs: Sequence[CaptionPair]) -> list[Rating | None]:
        """One rating per pair, in order."""
        return [explained.rating for explained in self.explain(pairs)]

    def explain(self, pairs: Sequence[CaptionPair]) -> list[Explained]:
        """The same with the reasons. Each distinct text is embedded once; errors as `load_minilm`."""
        alike = cosines([(pair.prediction, pair.reference) for pair in pairs], self._embedder)
        return [self._one(pair, value or 0.0) for pair, value in zip(pairs, alike, strict=True)]

    def _read_anew(self, text: str) -> Reading:
        return read_caption(text, self._lexicon)

    def _one(self, pair: CaptionPair, cosine: float) -> Explained:
        caption = self._read(pair.prediction)
        comparison = compare(caption, self._read(pair.reference), self._lexicon)
        notes = [f"only its first {LONGEST} characters were read"] if caption.cut else []
        if caption.words >= 4 and not caption.facts:
            notes.append("no word that this judge knows: not English?")
        return Explained(grade(comparison, cosine), comparison, cosine, tuple(notes))
