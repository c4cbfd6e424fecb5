"""`medgrpo simulate --cases` and `data convert --most-per-task`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from medgrpo import cli

_CASES = ["simulate", "--procedure", "open-surgery", "--minutes", "0.5", "--size", "160x120", "--frame-rate", "1", "--frames"]


@pytest.mark.slow
def test_several_cases_and_an_even_choice_of_their_questions(tmp_path: Path) -> None:
    assert cli.main([*_CASES, "--seed", "3", "--cases", "2", "--out", str(tmp_path / "c")]) == 0
    first, second = sorted((tmp_path / "c").iterdir())
    assert (first.name, second.name) == ("open-surgery-0003", "open-surgery-0004")
    kept = (second / "case.mp4").stat().st_mtime_ns
    (first / "truth.json").unlink()
    assert cli.main([*_CASES, "--seed", "3", "--cases", "2", "--out", str(tmp_path / "c")]) == 0
    assert (first / "truth.json").exists()
    assert (second / "case.mp4").stat().st_mtime_ns == kept
    held: dict[str, list[dict[str, str]]] = {}
    for name, extra in (("all", []), ("few", ["--most-per-task", "2"])):
        out = tmp_path / f"{name}.json"
        assert cli.main(["data", "convert", "Simulated", str(tmp_path / "c"), "--out", str(out), *extra]) == 0
        held[name] = json.loads(out.read_text())
    counts = {name: Counter(row["qa_type"] for row in rows) for name, rows in held.items()}
    assert counts["few"] == {kind: min(2, count) for kind, count in counts["all"].items()}
    tal = [row for row in held["all"] if row["qa_type"] == "tal"]
    few = [row for row in held["few"] if row["qa_type"] == "tal"]
    assert [row["conversations"] for row in few] == [tal[0]["conversations"], tal[len(tal) // 2]["conversations"]]
