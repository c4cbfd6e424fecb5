"""The nano model before training: its tokens are cheap where answers are made of them, and it is the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.core import InputError

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.models import build_nano, open_encoder

TEXTS = ["When does positioning needle happen? Give each interval in seconds.", "0.0-1.8, 12.5-18.0 seconds."] * 20


def test_a_time_costs_two_tokens_and_is_written_as_before_a_picture(tmp_path: Path) -> None:
    tokenizer = open_encoder(str(build_nano(TEXTS, tmp_path / "nano"))).tokenizer
    assert tokenizer.tokenize("12.5-118.3, 0.0") == ["12", ".5", "-", "118", ".3", ",Ġ", "0", ".0"]
    assert tokenizer.tokenize("<12.5 seconds>") == ["<", "12", ".5", "Ġseconds", ">"]
    assert tokenizer.tokenize("When does positioning")[1:] == ["Ġdoes", "Ġpositioning"]
    foreign = "Öffnung – 1.25 s\n腹 <a>"
    assert tokenizer.decode(tokenizer(foreign)["input_ids"]) == foreign


def test_a_simulated_picture_is_twelve_tokens_and_not_scaled(tmp_path: Path) -> None:
    form = open_encoder(str(build_nano(TEXTS, tmp_path / "nano"))).family.form
    assert (form.side_multiple, 160 % form.side_multiple, 120 % form.side_multiple) == (40, 0, 0)
    assert 160 * 120 // form.side_multiple**2 == 12


def test_equal_texts_and_seeds_give_equal_files(tmp_path: Path) -> None:
    one, other = build_nano(TEXTS, tmp_path / "one"), build_nano(iter(TEXTS), tmp_path / "other")
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    with pytest.raises(InputError, match="already there"):
        build_nano(TEXTS, one)


def test_the_command_learns_from_a_file_of_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "start", str(tmp_path / "none.json"), "--out", str(tmp_path / "nano")]) == 2
    assert "none.json" in capsys.readouterr().err
    assert not (tmp_path / "nano").exists()


def test_numbers_begin_near_their_neighbours(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForImageTextToText

    folder = build_nano(TEXTS, tmp_path / "nano")
    table = AutoModelForImageTextToText.from_pretrained(folder).get_input_embeddings().weight
    twelve, thirteen, eighty = (table[one] for one in open_encoder(str(folder)).tokenizer.convert_tokens_to_ids(["12", "13", "80"]))
    near, far = (torch.cosine_similarity(twelve, other, dim=0).item() for other in (thirteen, eighty))
    assert near > 0.4
    assert near > far + 0.2
