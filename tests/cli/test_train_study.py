"""`medgrpo train study` and `medgrpo data short`: mistakes in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo import cli

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

_RECIPE = '[model]\ncheckpoint = "m"\n[data]\nquestions = "q.json"\n[rewards]\nnormaliser = "none"\n[run]\nsteps = 1\n'


@pytest.mark.parametrize(
    ("options", "said"), [((), "needs held_out.questions and rewards.calibration"), (("--report",), "no run is finished")]
)
def test_what_is_wrong_is_one_line(options, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.toml").write_text(_RECIPE, encoding="utf-8")
    assert cli.main(["train", "study", str(tmp_path / "r.toml"), "--out", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_short_questions_need_cases_and_a_name_that_says_the_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "short", str(tmp_path), "--out", str(tmp_path / "q.json")]) == 2
    assert "open-surgery" in capsys.readouterr().err
    assert cli.main(["data", "short", str(tmp_path), "--out", str(tmp_path / "q.txt")]) == 2
    assert "the name must end in one of" in capsys.readouterr().err
