"""The commands themselves, with a perceiver that reads its script from the pixels in place of the shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from medgrpo import cli, perception, simulation
from medgrpo.cli.simulating import DEVIATIONS, WORLDS
from medgrpo.core import InputError
from medgrpo.simulation import Deviation
from medgrpo.video import VideoWriter
from tests.analysis import scripted


@pytest.fixture(autouse=True)
def perceiver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perception, "load_perceiver", lambda: scripted.ScriptedPerceiver())


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "case1.mp4"
    with VideoWriter(path, 96, 64, 10) as writer:
        for number in range(120):
            writer.write(np.full((64, 96, 3), (100, 60, number % 5), dtype=np.uint8))
    return path


def test_analyze_writes_and_tells(video, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["analyze", str(video)]) == 0
    told = capsys.readouterr()
    assert "case1.mp4  12 s" in told.out
    assert "case1.medgrpo/report.html" in told.out
    assert "DRAFT, research software, not for clinical use" in told.out
    assert "NOT ASSESSED" in told.out
    assert told.err == ""
    assert sorted(path.name for path in (tmp_path / "case1.medgrpo").iterdir()) == ["analysis.jsonl", "report.html"]
    assert cli.main(["analyze", str(video)]) == 2
    assert "already holds an analysis: use --force" in capsys.readouterr().err
    assert cli.main(["analyze", str(video), "--resume"]) == 0
    assert cli.main(["analyze", str(video), "--force"]) == 0


def test_analyze_as_json(video, tmp_path, capsys):
    assert cli.main(["analyze", str(video), "--out", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["looks"] == 60
    assert told["simulated"] is False
    assert told["report"] == str(tmp_path / "out" / "report.html")


def test_a_batch_names_what_failed(video, tmp_path, capsys):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    assert cli.main(["analyze", str(bad), str(video), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().out
    assert "1 analysed, 1 failed" in told
    assert "bad.mp4" in told
    assert (tmp_path / "out" / "case1.medgrpo" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyze", "none.mp4"], "none.mp4"),
        (
            ["analyze", "none.mp4", "--looks-per-second", "100"],
            "--looks-per-second: 100.0 cannot be: give a number above 0, at most 60",
        ),
        (["analyze", "a/x.mp4", "b/x.mp4"], "b/x.mp4: its results would go to x.medgrpo"),
        (["simulate", "--minutes", "1", "--out", "sim"], "can be simulated in 2 to 600 minutes"),
        (["simulate", "--procedure", "bench-sutring", "--out", "sim"], "cannot be drawn; there are bench-suturing, "),
        (["simulate", "--procedure", "surgical_hand_scrub", "--out", "sim"], "there are "),
        (["simulate", "--procedure", "open-surgery", "--deviation", "bleeding", "--out", "sim"], "knows none"),
        (["simulate", "--out", "/dev/null/sim"], "cannot be written"),
        (["demo", "--seed", "-1"], "seed"),
    ],
)
def test_a_mistake_is_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("medgrpo: error: ")
    assert error.count("\n") == 1
    assert words in error


def test_simulate_refuses_to_replace_without_force(tmp_path, capsys):
    (tmp_path / "truth.json").write_text("{}")
    assert cli.main(["simulate", "--out", str(tmp_path)]) == 2
    assert "--force" in capsys.readouterr().err


def test_the_help_names_every_deviation():
    assert set(DEVIATIONS) == {deviation.value for deviation in Deviation} - {"none"}
    assert tuple(simulation.WORLDS) == WORLDS


def test_the_benchmark_says_what_it_misses(monkeypatch, video, capsys):
    import medgrpo.bench.analysis

    monkeypatch.setattr(medgrpo.bench.analysis, "find_spec", lambda _name: None)
    assert cli.main(["bench", "analyze", str(video)]) == InputError.exit_code
    assert "pip install 'medgrpo[bench]'" in capsys.readouterr().err


@pytest.mark.slow
def test_demo_is_one_command(tmp_path, capsys):
    assert cli.main(["demo", "--minutes", "2", "--out", str(tmp_path / "demo"), "--deviation", "bleeding"]) == 0
    assert str(tmp_path / "demo" / "report.html") in capsys.readouterr().out
    assert (tmp_path / "demo" / "case" / "truth.json").exists()
