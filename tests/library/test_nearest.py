"""Nearest vectors: exact where there are few, and hardly anything lost where signs choose the candidates."""

from __future__ import annotations

import numpy as np

from medgrpo.library.nearest import CANDIDATES, nearest, signs


def _unit(rows: int, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((rows, 384), dtype=np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_signs_are_one_bit_per_number():
    row = np.full((1, 64), -1.0, np.float32)
    row[0, [0, 9]] = 1.0
    assert signs(row).view(np.uint8).tolist() == [[0b10000000, 0b01000000, 0, 0, 0, 0, 0, 0]]
    assert signs(np.ones((3, 384), np.float32)).shape == (6, 3)


def test_few_vectors_are_compared_exactly():
    vectors = _unit(50, seed=1)
    rows, cosines = nearest(vectors[7], vectors.astype(np.float16), signs(vectors), 3)
    exact = vectors @ vectors[7]
    assert rows.tolist() == np.argsort(-exact)[:3].tolist()
    assert np.allclose(cosines, np.sort(exact)[::-1][:3], atol=2e-3)


def test_candidates_by_signs_hold_the_neighbours():
    vectors = _unit(6 * CANDIDATES, seed=2)
    query = vectors[100]
    near = query + 0.9 * _unit(10, seed=3)  # cosines of about 0.74, as related passages have
    vectors[200:210] = near / np.linalg.norm(near, axis=1, keepdims=True)
    rows, _ = nearest(query, vectors.astype(np.float16), signs(vectors), 11)
    assert set(rows.tolist()) == {100, *range(200, 210)}
