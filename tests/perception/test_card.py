from pathlib import Path

import pytest

from medgrpo.core import ModelError
from medgrpo.perception import load_card


def test_a_missing_model_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(ModelError, match="medgrpo train perception"):
        load_card(tmp_path / "none.onnx")


def test_a_card_with_an_unknown_key_is_refused(tmp_path: Path):
    (tmp_path / "a.onnx").write_bytes(b"x")
    (tmp_path / "a.json").write_text('{"nmae": "a"}')
    with pytest.raises(ModelError, match=r"a\.json"):
        load_card(tmp_path / "a.onnx")
