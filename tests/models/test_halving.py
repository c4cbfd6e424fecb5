"""A halved checkpoint: float16 weights nearest to the trained ones, everything else as it was, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

import torch
from safetensors.torch import load_file, save_file

from medgrpo.cli import main


def checkpoint(folder: Path, weight: float) -> Path:
    folder.mkdir()
    save_file({"one": torch.tensor([weight, 0.1]), "index": torch.tensor([3])}, folder / "model.safetensors")
    (folder / "config.json").write_text("{}")
    return folder


def test_weights_are_rounded_and_the_rest_is_kept(tmp_path: Path) -> None:
    assert main(["train", "halve", str(checkpoint(tmp_path / "whole", 1.0)), "--out", str(tmp_path / "half")]) == 0
    half = load_file(tmp_path / "half" / "model.safetensors")
    assert half["one"].dtype == torch.float16
    assert half["one"].tolist() == [1.0, 0.0999755859375]  # 0.1 has no exact float16
    assert half["index"].tolist() == [3]
    assert half["index"].dtype == torch.int64
    assert (tmp_path / "half" / "config.json").read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half", "whole"]


@pytest.mark.parametrize(
    ("weight", "out", "said"),
    [(70000.0, "half", "one holds numbers that float16 cannot"), (1.0, "whole", "is already there")],
)
def test_what_cannot_be_halved(tmp_path: Path, capsys: pytest.CaptureFixture[str], weight: float, out: str, said: str) -> None:
    folder = checkpoint(tmp_path / "whole", weight)
    assert main(["train", "halve", str(folder), "--out", str(tmp_path / out)]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_no_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "halve", str(tmp_path), "--out", str(tmp_path / "half")]) == 2
    assert "holds no model.safetensors" in capsys.readouterr().err
