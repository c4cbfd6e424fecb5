"""`medgrpo train sft`: mistakes in one line, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo import cli

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ('checkpoint = "m"\nrule = "side"', "model.rule: no such key: did you mean position_rule?"),
        ('checkpoint = "m"', "/q.json: there is no such file"),
    ],
)
def test_what_is_wrong_is_one_line(model: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'[model]\n{model}\n[data]\nquestions = "q.json"\n[run]\nepochs = 1\n', encoding="utf-8")
    assert cli.main(["train", "sft", str(recipe), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()
