"""How alike two captions are: the cosine of their sentence embeddings, from any model behind one small protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """A sentence model. `name` says which one, with its version, for the result file."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions), each row of unit length."""
        ...


class Remembering:
    """Another embedder with a memory: each distinct text is computed once, up to a bound."""

    def __init__(self, embedder: Embedder, most: int = 20_000) -> None:
        self._embedder, self._most = embedder, most
        self._known: dict[str, NDArray[np.float32]] = {}

    @property
    def name(self) -> str:
        """The other's."""
        return self._embedder.name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if len(self._known) + len(new) > self._most:
            self._known, new = {}, list(dict.fromkeys(texts))
        if new:
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else self._embedder.embed([])


def cosines(pairs: Sequence[tuple[str, str]], embedder: Embedder) -> list[float | None]:
    """Per (prediction, reference) the cosine; None where a side is empty. Each distinct text is embedded once."""
    wanted = list(dict.fromkeys(text for pair in pairs if all(pair) for text in pair))
    vectors = dict(zip(wanted, embedder.embed(wanted), strict=True)) if wanted else {}
    return [float(vectors[first] @ vectors[second]) if first and second else None for first, second in pairs]


def mean_similarity(pairs: Sequence[tuple[str, str]], embedder: Embedder) -> float:
    """The leaderboard's fallback: the mean over pairs with both sides, 0 when there is none."""
    known = [value for value in cosines(pairs, embedder) if value is not None]
    return sum(known) / len(known) if known else 0.0
