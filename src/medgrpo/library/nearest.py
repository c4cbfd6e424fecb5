"""Nearest vectors by cosine, coarse then exact: signs first (Charikar 2002), the best of them in half precision.

Of each vector the signs of its numbers, 384 bits, are compared with the query's for all texts: 4.8 MB for 100,000. Only the rows
of the best candidates are read from the memory-mapped matrix. Up to CANDIDATES texts the result is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medgrpo.library.bm25 import top

CANDIDATES = 2000
_SHARE = 50  # of a larger index at least every 50th is looked at exactly

Bits = NDArray[np.uint64]


def signs(vectors: NDArray[np.floating]) -> Bits:
    """(texts, d) to (d / 64, texts) words of bits, 1 where the number is positive; d must be a multiple of 64."""
    return np.ascontiguousarray(np.packbits(np.ascontiguousarray(vectors > 0), axis=1).view(np.uint64).T)


def nearest(
    query: NDArray[np.float32], vectors: NDArray[np.float16], bits: Bits, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """At most `count` row numbers, best first, and their cosines. Query (d,) and rows (texts, d) are of unit length."""
    candidates = max(CANDIDATES, len(vectors) // _SHARE)
    if len(vectors) <= candidates:
        rows = np.arange(len(vectors))
    else:
        apart = np.zeros(len(vectors), np.uint16)
        for words, word in zip(bits, signs(query[None])[:, 0], strict=True):
            apart += np.bitwise_count(words ^ word)
        rows = np.sort(np.argpartition(apart, candidates)[:candidates])
    best, scores = top(vectors[rows].astype(np.float32) @ query, count)
    return rows[best].astype(np.int64), scores
