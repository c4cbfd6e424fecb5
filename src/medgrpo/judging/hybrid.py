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


async def caption_parts(
    pairs: Sequence[CaptionPair], judge: Judge | None, sentences: Embedder | None
) -> list[Mapping[str, float | None]]:
    """Per pair `similarity` (cosine, cut off below 0) and `judge` (the rating's share), each 0..1: the parts of a caption's reward.

    A part whose measure is not given is left out, which is not the same as None (it failed).
    """
    parts: list[dict[str, float | None]] = [{} for _ in pairs]
    if sentences is not None:
        alike = cosines([(pair.prediction, pair.reference) for pair in pairs], sentences)
        for part, cosine in zip(parts, alike, strict=True):
            part["similarity"] = None if cosine is None else min(1.0, max(0.0, cosine))
    if judge is not None:
        for part, rating in zip(parts, await judge.rate(pairs), strict=True):
            part["judge"] = None if rating is None else rating.share
    return list(parts)
