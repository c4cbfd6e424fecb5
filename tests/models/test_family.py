"""Families are read from checkpoints' files, and what does not fit is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgrpo.core import ModelError
from medgrpo.models import ModelOptions, TinyKind, family_of
from medgrpo.models.family import in_words

pytest.importorskip("transformers", reason="needs the extra `models`")


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (13, "thirteen"), (40, "forty"), (64, "sixty-four"), (100, "one hundred"), (105, "one hundred and five")],
)
def test_numbers_are_said_in_words(number: int, words: str) -> None:
    assert in_words(number) == words
    assert in_words(768) == "seven hundred and sixty-eight"


def test_numbers_that_are_not_said_in_words() -> None:
    with pytest.raises(ValueError, match="below 1000"):
        in_words(1000)


def test_each_family_says_how_it_reads_clips(tiny: dict[TinyKind, Path]) -> None:
    found = {kind: family_of(str(folder), json.loads((folder / "config.json").read_text())) for kind, folder in tiny.items()}
    assert {kind: one.tokens_per_second for kind, one in found.items()} == {
        "qwen2.5-vl": 2.0,
        "qwen3-vl": None,
        "qwen3.5": None,
        "smolvlm": None,
    }
    assert {kind: one.form.side_multiple for kind, one in found.items()} == {
        "qwen2.5-vl": 28,
        "qwen3-vl": 32,
        "qwen3.5": 32,
        "smolvlm": 32,
    }
    assert found["smolvlm"].form.tokens_per_patch == 4
    assert found["smolvlm"].whole_frames


def test_a_processor_file_that_does_not_fit_its_model_is_one_line(tiny: dict[TinyKind, Path], tmp_path: Path) -> None:
    config = json.loads((tiny["qwen2.5-vl"] / "config.json").read_text())
    with pytest.raises(ModelError, match="holds none of video_preprocessor_config"):
        family_of(str(tmp_path), config)
    file = tmp_path / "preprocessor_config.json"
    given = json.loads((tiny["qwen2.5-vl"] / file.name).read_text())
    file.write_text(json.dumps(given | {"patch_size": 16}))
    with pytest.raises(ModelError, match="processor file says 16, the model's patch_size is 14"):
        family_of(str(tmp_path), config)
    file.write_text(json.dumps(given | {"image_mean": None}))
    with pytest.raises(ModelError, match="image_mean"):
        family_of(str(tmp_path), config)


@pytest.mark.parametrize(
    ("size", "ours", "official"),
    [
        ((854, 480), (252, 140), (224, 112)),
        ((1920, 1080), (252, 140), (224, 112)),
        ((640, 360), (252, 140), (224, 112)),
        ((640, 480), (224, 168), (224, 168)),
        ((1280, 1024), (196, 168), (168, 168)),
    ],
)
def test_the_sizes_of_the_official_script_can_be_had(
    size: tuple[int, int], ours: tuple[int, int], official: tuple[int, int]
) -> None:
    assert ModelOptions().sampling().scaled_size(*size) == ours
    assert ModelOptions(side_patches=2).sampling().scaled_size(*size) == official
