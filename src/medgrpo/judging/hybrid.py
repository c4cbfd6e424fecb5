"""The paper's caption reward before any normalisation: half semantic similarity, half judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgrpo.scoring import Embedder, cosines
from medgrpo.tasks import CaptionPair, Judge


def hybrid_reward(similarity: float | None, judge: float | None) -> float | None:
    """Mean of both parts, each 0..1; None where a part is None (half a reward would be another objective). ValueError out of
    range."""
    for part in (similarity, judge):
        if part is not None and not 0 <= part <= 1:
            raise ValueError(f"a part of the reward is 0..1, got {part}")
    return None if similarity is None or judge is None else (similarity + judge) / 2


async def caption_parts(pairs: Sequence[CaptionPair], judge: Judge, sentences: Embedder) -> list[Mapping[str, float | None]]:
    """Per pair `similarity` (cosine, cut off below 0) and `judge` (the rating's share), each 0..1: the parts of a caption's
    reward."""
    ratings = await judge.rate(pairs)
    alike = cosines([(pair.prediction, pair.reference) for pair in pairs], sentences)
    return [
        {"similarity": None if cosine is None else min(1.0, max(0.0, cosine)), "judge": None if rating is None else rating.share}
        for cosine, rating in zip(alike, ratings, strict=True)
    ]
