"""`medgrpo train grpo`: mistakes in one line, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo import cli

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")


def test_a_recipe_that_is_wrong_is_a_line_for_each_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('[model]\ncheckpoint = "m"\nrule = "side"\n', encoding="utf-8")
    assert cli.main(["train", "grpo", str(recipe), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert error.splitlines() == [
        f"medgrpo: error: {recipe}: model.rule: no such key: did you mean position_rule?",
        f"medgrpo: error: {recipe}: data: is missing: give a table with questions",
        f"medgrpo: error: {recipe}: rewards: is missing: give a table",
        f"medgrpo: error: {recipe}: run: is missing: give a table with steps",
    ]
    assert not (tmp_path / "run").exists()


def test_a_missing_data_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        '[model]\ncheckpoint = "m"\n[data]\nquestions = "q.json"\n[rewards]\nnormaliser = "none"\n[run]\nsteps = 1\n',
        encoding="utf-8",
    )
    assert cli.main(["train", "grpo", str(recipe), "--out", str(tmp_path / "run")]) == 2
    assert f"{tmp_path / 'q.json'}: there is no such file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
