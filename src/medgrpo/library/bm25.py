"""Ranking by terms: Okapi BM25 (Robertson and Zaragoza 2009) by bm25s, whose scores lie memory-mapped in plain .npy files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import MissingExtra

_WORD = re.compile(r"\w+")
_STOP = frozenset(
    {"a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "by", "for", "from", "with", "as", "is", "are", "was",
     "were", "be", "been", "being", "it", "its", "this", "that", "these", "those", "which", "who", "whom", "what", "when",
     "where", "how", "why", "do", "does", "did", "can", "could", "will", "would", "has", "have", "had", "if", "than", "then",
     "there", "their", "they", "them", "into", "about"}
)  # fmt: skip
"""Words that say nothing about a passage. Negations and "before", "after", "must" are kept: they do."""


def terms(text: str) -> list[str]:
    """The stems of a text's words in order: lower case, hyphens split, accents taken off, English Snowball stems."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))
    words = [word for word in _WORD.findall(plain) if word not in _STOP]
    stems: list[str] = _stemmer().stemWords(words)
    return stems


def require_terms() -> None:
    """MissingExtra where the libraries of term search are not installed."""
    for module, name in (("bm25s", "bm25s"), ("Stemmer", "PyStemmer")):
        if find_spec(module) is None:
            raise MissingExtra("search", "knowledge", name)


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    require_terms()
    stemmer: Any = import_module("Stemmer")
    return stemmer.Stemmer("english")


def build_terms(texts: Iterable[str], folder: Path) -> None:
    """Write the term index of the texts, numbered in their order, into a folder that does not exist yet."""
    require_terms()
    bm25s: Any = import_module("bm25s")
    vocabulary: dict[str, int] = {}
    ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms(text)] for text in texts]
    index = bm25s.BM25(k1=1.5, b=0.75, method="lucene")
    if not vocabulary:  # bm25s cannot store an index without a term or a text
        vocabulary, ids = {"": 0}, [[0] for _ in ids] or [[0]]
    index.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    index.save(str(folder), show_progress=False)


class TermIndex:
    """An index that `build_terms` wrote; its arrays stay on disk and are read where a query needs them."""

    def __init__(self, folder: Path) -> None:
        require_terms()
        bm25s: Any = import_module("bm25s")
        self._index = bm25s.BM25.load(str(folder), mmap=True, show_progress=False)

    def best(self, text: str, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """At most `count` text numbers, best first, and their BM25 scores; texts that share no term are left out."""
        known: list[int] = self._index.get_tokens_ids(terms(text))
        if not known:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        scores: NDArray[np.float32] = self._index.get_scores_from_ids(known)
        return top(scores, count, above=0.0)


def top(scores: NDArray[np.float32], count: int, above: float = -np.inf) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Indices of the `count` largest scores over `above`, largest first, equal ones in order of index; and those scores."""
    chosen = np.arange(len(scores)) if len(scores) <= count else np.argpartition(-scores, count - 1)[:count]
    chosen = chosen[scores[chosen] > above]
    chosen = chosen[np.lexsort((chosen, -scores[chosen]))]
    return chosen.astype(np.int64), scores[chosen]
