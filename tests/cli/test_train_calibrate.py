"""`medgrpo train calibrate`: answers in, statistics out, mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgrpo import cli
from medgrpo.reward import Key, read_calibration


def _answers(path: Path, count: int) -> Path:
    row = {
        "qa_type": "tal",
        "data_source": "AVOS",
        "struc_info": [{"spans": [{"start": 0.0, "end": 10.0}]}],
        "gnd": "0.0-10.0 seconds.",
    }
    path.write_text("".join(json.dumps({**row, "prediction": f"0-{end + 1} s"}) + "\n" for end in range(count)), encoding="utf-8")
    return path


def test_writes_a_file_that_rewards_can_be_made_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "calibration.json"
    records = _answers(tmp_path / "answers.jsonl", 9)
    assert cli.main(["train", "calibrate", "--records", str(records), "--checkpoint", "sha256:1", "--out", str(out)]) == 0
    calibration = read_calibration(out)
    assert calibration.checkpoint == "sha256:1"
    assert calibration.reward(Key("AVOS", "temporal_grounding", "score"), 0.5) == pytest.approx(0.5)
    assert "AVOS" in capsys.readouterr().out


def test_too_few_answers_write_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "calibration.json"
    records = _answers(tmp_path / "answers.jsonl", 3)
    assert cli.main(["train", "calibrate", "--records", str(records), "--checkpoint", "x", "--out", str(out)]) == 2
    assert "fewer than 8 scored answers" in capsys.readouterr().err
    assert not out.exists()


def test_only_the_tasks_that_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, records = tmp_path / "calibration.json", _answers(tmp_path / "answers.jsonl", 9)
    row = {"qa_type": "video_summary_gpt", "data_source": "AVOS", "gnd": "a", "prediction": "b"}
    with records.open("a", encoding="utf-8") as stream:
        stream.write("".join(json.dumps(row) + "\n" for _ in range(9)))
    command = ["train", "calibrate", "--records", str(records), "--checkpoint", "x", "--out", str(out)]
    assert cli.main(command) == 2
    error = capsys.readouterr().err
    assert "nothing measured the captions of AVOS/video_summary: give --captions similarity or --judge" in error
    assert "answer more" not in error
    assert cli.main([*command, "--tasks", "poem"]) == 2
    assert "no such task: poem" in capsys.readouterr().err
    assert cli.main([*command, "--tasks", "temporal_grounding"]) == 0
    assert [str(entry.key) for entry in read_calibration(out).statistics] == ["AVOS/temporal_grounding/score"]


def test_a_task_in_which_every_answer_scored_0_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, records = tmp_path / "calibration.json", _answers(tmp_path / "answers.jsonl", 9)
    wrong = records.read_text(encoding="utf-8").replace('"prediction": "', '"prediction": "5')  # from second 50 on
    records.write_text(wrong.replace("AVOS", "NurViD") + records.read_text(encoding="utf-8"), encoding="utf-8")
    assert cli.main(["train", "calibrate", "--records", str(records), "--checkpoint", "x", "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "no answer scored above 0 for NurViD/temporal_grounding/score (9 answers)" in said
    assert "AVOS" not in said
    assert not out.exists()
