"""Tiny checkpoints load as the real ones do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.core import InputError
from medgrpo.models import TINY_KINDS, TinyKind, build_tiny


def test_each_loads_with_the_automatic_classes(tiny: dict[TinyKind, Path]) -> None:
    from transformers import AutoModelForImageTextToText, AutoTokenizer

    names = {"qwen2.5-vl": "Qwen2_5_VL", "qwen3-vl": "Qwen3VL", "qwen3.5": "Qwen3_5", "smolvlm": "SmolVLM"}
    for kind, folder in tiny.items():
        model = AutoModelForImageTextToText.from_pretrained(folder)
        assert type(model).__name__ == f"{names[kind]}ForConditionalGeneration"
        tokenizer = AutoTokenizer.from_pretrained(folder)
        assert tokenizer.decode(tokenizer("Öffnung – 1.0-2.0 s\n腹")["input_ids"]) == "Öffnung – 1.0-2.0 s\n腹"


def test_what_the_first_generation_needs_is_set(tiny: dict[TinyKind, Path]) -> None:
    config = json.loads((tiny["qwen2.5-vl"] / "config.json").read_text())
    assert config["vision_config"]["tokens_per_second"] == 2
    assert config["vision_config"]["fullatt_block_indexes"] == [1]
    assert sum(config["text_config"]["rope_parameters"]["mrope_section"]) == 64 // 4 // 2


def test_the_command_writes_one_and_leaves_a_folder_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    assert main(["train", "tiny", "--kind", "qwen3-vl", "--out", str(tmp_path / "model")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'model'}\n"
    assert [one.name for one in tmp_path.iterdir()] == ["model"]
    with pytest.raises(InputError, match="already there"):
        build_tiny("qwen3-vl", tmp_path / "model")


def test_the_same_seed_gives_the_same_weights(tiny: dict[TinyKind, Path], tmp_path: Path) -> None:
    again = build_tiny("qwen2.5-vl", tmp_path / "again")
    other = build_tiny("qwen2.5-vl", tmp_path / "other", seed=1)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (tiny["qwen2.5-vl"], again, other)]
    assert weights[0] == weights[1] != weights[2]


def test_texts_shorten_prompts_and_digits_stand_alone(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    texts = [f"When does it happen? {number}.0-{number + 3}.0 seconds." for number in range(40)]
    folder = build_tiny("qwen2.5-vl", tmp_path / "model", texts=texts, pieces=60)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("When does it happen? 12.0-15.0 seconds.")["input_ids"]
    pieces = [tokenizer.decode([one]) for one in ids]
    assert len(ids) < len("When does it happen? 12.0-15.0 seconds.") / 2
    assert not [piece for piece in pieces if len(piece) > 1 and any(letter.isdecimal() for letter in piece)]
    assert tokenizer.decode(tokenizer("Öffnung 7 腹")["input_ids"]) == "Öffnung 7 腹"


def test_the_door_imports_neither_torch_nor_transformers() -> None:
    code = "import sys, medgrpo.models; sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_command_offers_every_kind() -> None:
    from medgrpo.cli import train_tiny

    assert train_tiny._KINDS == TINY_KINDS
