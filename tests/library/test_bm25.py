"""Ranking by terms: stems, BM25 by hand, the order of equal scores."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from medgrpo.library.bm25 import TermIndex, build_terms, terms, top


def test_terms_are_stems_without_case_accents_and_empty_words():
    assert terms("The Rouvière's sulcus is NOT divided") == ["rouvier", "s", "sulcus", "not", "divid"]
    assert terms("cystic-duct") == ["cystic", "duct"]


def test_scores_are_those_of_the_formula(tmp_path: Path):
    texts = ["cystic artery", "cystic duct duct", "liver liver liver liver"]
    build_terms(texts, tmp_path / "terms")
    numbers, scores = TermIndex(tmp_path / "terms").best("ducts", 10)
    # Lucene's BM25: idf = ln(1 + (N - n + 0.5) / (n + 0.5)), tf / (tf + k1 (1 - b + b length / mean length)), k1 = 1.5, b = 0.75
    expected = log(1 + (3 - 1 + 0.5) / 1.5) * 2 / (2 + 1.5 * (0.25 + 0.75 * 3 / 3))
    assert numbers.tolist() == [1]
    assert scores.tolist() == pytest.approx([expected], rel=1e-5)


@pytest.mark.parametrize("texts", [[], ["...", "the"]])
def test_texts_without_a_term_find_nothing(tmp_path: Path, texts: list[str]):
    build_terms(texts, tmp_path / "terms")
    numbers, _ = TermIndex(tmp_path / "terms").best("cystic duct", 10)
    assert numbers.tolist() == []


def test_top_keeps_the_order_of_equal_scores_and_leaves_out_what_is_not_above():
    scores = np.array([0.0, 2.0, 1.0, 2.0], np.float32)
    assert top(scores, 3, above=0.0)[0].tolist() == [1, 3, 2]
    assert top(scores, 10, above=0.0)[0].tolist() == [1, 3, 2]
    assert top(scores, 1)[1].tolist() == [2.0]
