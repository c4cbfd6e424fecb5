"""The whole build: counted, repeatable to the byte, resumable after a kill, without leaks."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.core import InputError
from medgrpo.curation import Order, Recipe, build
from medgrpo.curation.questions import ABSENT, BORDER, NO_FURTHER, PLAIN, case_of
from medgrpo.sources import MEDVIDBENCH, BenchmarkRecord, Problem, check_source, read_medvidbench

SETS = ("train_large", "train_standard", "test")
KILLED = """
import os, signal, sys
from pathlib import Path
import medgrpo.curation.work as work
from medgrpo.curation import Order, build
left, replace = int(sys.argv[3]), Path.replace
def counted(self, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = counted
build(Order({"AVOS": Path(sys.argv[1])}, Path(sys.argv[2])))
"""


def _set(out: Path, name: str) -> list[BenchmarkRecord]:
    held: list[BenchmarkRecord] = []
    for found in read_medvidbench(out / f"{name}.jsonl"):
        assert isinstance(found, BenchmarkRecord), found
        held.append(found)
    return held


def _bytes(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.is_file()}


def test_a_build_is_counted_checked_and_split_by_recording(avos: Path, tmp_path: Path) -> None:
    built = build(Order({"AVOS": avos}, tmp_path / "out"))
    assert [one.stage for one in built.stages] == ["read", "cut", "ask", "repeat", "split", "draw train_standard", "draw test"]
    for name in SETS:
        path = tmp_path / "out" / f"{name}.jsonl"
        assert not [found for found in check_source(MEDVIDBENCH, path) if isinstance(found, Problem)]
        records = _set(tmp_path / "out", name)
        assert built.sets[name].questions == len(records) > 0
        assert {record.train for record in records} == {name != "test"}
    train, test = _set(tmp_path / "out", "train_large"), _set(tmp_path / "out", "test")
    assert not {record.video for record in train} & {record.video for record in test}
    assert {case_of(record) for record in train} == {PLAIN, BORDER, ABSENT, NO_FURTHER}
    assert {case_of(record) for record in test} <= {PLAIN, BORDER}
    large = {(record.id, record.question) for record in train}
    assert {(record.id, record.question) for record in _set(tmp_path / "out", "train_standard")} < large
    split = next(one for one in built.stages if one.stage == "split")
    assert split.made == {"train": len(train), "test": len(test)}


def test_no_question_tells_its_answer(avos: Path, tmp_path: Path) -> None:
    build(Order({"AVOS": avos}, tmp_path / "out", Recipe(absence_in_test=True)))
    for record in (*_set(tmp_path / "out", "train_large"), *_set(tmp_path / "out", "test")):
        assert record.answer
        if record.qa_type == "next_action":  # the one closed list: its answer is one of several entries
            assert record.question.count(record.answer) == 1
        else:
            assert record.answer.removesuffix(" seconds.") not in record.question


def test_asking_whether_it_happens_at_all_gives_nothing_away(avos: Path, tmp_path: Path) -> None:
    build(Order({"AVOS": avos}, tmp_path / "out"))
    told: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for record in _set(tmp_path / "out", "train_large"):
        allowed = "no further step" in record.question or "without length" in record.question or "of no length" in record.question
        told[record.qa_type][allowed] += 1
        if case_of(record) in (ABSENT, NO_FURTHER):
            assert allowed
            told[record.qa_type + " absent"][True] += 1
    for kind in ("tal", "next_action"):
        assert told[kind][True] > 1.3 * told[f"{kind} absent"][True]
        assert told[kind][False] > 0


def test_an_absent_action_is_nowhere_near_its_clip(avos: Path, tmp_path: Path) -> None:
    build(Order({"AVOS": avos}, tmp_path / "out"))
    rows = [line.split(",") for line in (avos / "segments.csv").read_text(encoding="utf-8").splitlines()[1:]]
    checked = 0
    for record in _set(tmp_path / "out", "train_large"):
        if case_of(record) == ABSENT:
            start, end = float(record.clip.start), float(record.clip.end)
            action = record.struc_info[0]["action"]  # pyright: ignore[reportIndexIssue,reportUnknownVariableType]
            held = [row for row in rows if row[0] == record.video and row[4] == action]
            assert not [row for row in held if float(row[6]) < end + 2 and float(row[7]) > start - 2]
            assert record.answer == "0.0-0.0 seconds."
            checked += 1
    assert checked > 5


def test_another_source_moves_no_recording_and_changes_no_question(
    avos: Path, tmp_path: Path, make_avos: Callable[..., Path]
) -> None:
    more = make_avos(tmp_path / "more", videos=60, seed=2)
    for name in ("segments.csv", "videos.csv"):
        lines = (avos / name).read_text(encoding="utf-8").splitlines()[1:]
        with (more / name).open("a", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
    build(Order({"AVOS": avos}, tmp_path / "a"))
    build(Order({"AVOS": more}, tmp_path / "b"))
    for name in ("train_large", "test"):
        few = {(record.id, record.question, record.answer) for record in _set(tmp_path / "a", name)}
        assert few < {(record.id, record.question, record.answer) for record in _set(tmp_path / "b", name)}


def test_the_standard_set_is_balanced_over_tasks(avos: Path, tmp_path: Path) -> None:
    built = build(Order({"AVOS": avos}, tmp_path / "out", Recipe(standard_questions=100, test_questions=30)))
    assert built.sets["train_standard"].tasks == {"dense_captioning": 34, "next_action": 33, "temporal_grounding": 33}
    assert built.sets["test"].questions == 30


def test_killed_again_and_again_it_ends_with_the_same_bytes(avos: Path, tmp_path: Path) -> None:
    build(Order({"AVOS": avos}, tmp_path / "whole"))
    killed = 0
    for left in range(6):  # one more file comes into being each time
        code = subprocess.run(
            [sys.executable, "-c", KILLED, str(avos), str(tmp_path / "killed"), str(left % 3)], capture_output=True, check=False
        ).returncode
        killed += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL)
    assert killed > 2
    build(Order({"AVOS": avos}, tmp_path / "killed"))
    assert _bytes(tmp_path / "killed") == _bytes(tmp_path / "whole")
    assert not list((tmp_path / "killed").glob(".*.unfinished"))


def test_a_folder_belongs_to_one_order(avos: Path, tmp_path: Path) -> None:
    build(Order({"AVOS": avos}, tmp_path / "out"))
    first = _bytes(tmp_path / "out")
    with pytest.raises(InputError, match="another build"):
        build(Order({"AVOS": avos}, tmp_path / "out", Recipe(seed=1)))
    assert _bytes(tmp_path / "out") == first
    build(Order({"AVOS": avos}, tmp_path / "out", Recipe(seed=1), force=True))
    assert _bytes(tmp_path / "out") != first


def test_the_command_says_what_was_dropped(avos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "build", "--sources", f"AVOS={avos}", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "ask: " in said
    assert "carry the licences" in said
    assert main(["data", "build", "--sources", f"AVIS={avos}", "--out", str(tmp_path / "out")]) == 2
    assert "no such source; there are CholecT50" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["data", "build", "--sources", str(avos), "--out", str(tmp_path / "out")])


def test_two_models_are_asked_for_or_none(avos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["data", "build", "--sources", f"AVOS={avos}", "--out", str(tmp_path / "out")]
    for more in (["--model-a", "x"], ["--model-a", "x", "--model-b", "x"]):
        assert main([*order, *more]) == 2
        assert "two models are needed" in capsys.readouterr().err
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    models = ["--model-a", f"scripted:{tmp_path / 'a.json'}", "--model-b", f"scripted:{tmp_path / 'b.json'}"]
    assert main([*order, *models]) == 0
    said = capsys.readouterr().out
    assert "describe: 0 template captions, 0 kept" in said  # no picture to describe: the templates stay
    assert "dense_captioning" in said


def test_a_missing_source_folder_leaves_nothing_behind(avos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["data", "build", "--sources", f"AVOS={tmp_path / 'absent'}", "--out", str(out)]) == 2
    assert f"{tmp_path / 'absent'}: there is no such file or folder" in capsys.readouterr().err
    assert not (out / ".work").exists()
    (tmp_path / "empty").mkdir()
    assert main(["data", "build", "--sources", f"AVOS={tmp_path / 'empty'}", "--out", str(out)]) == 2
    assert main(["data", "build", "--sources", f"AVOS={avos}", "--out", str(out)]) == 0


def test_a_source_without_a_recording_in_the_test_set_is_named(
    avos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("test_share = 0.001\n", encoding="utf-8")
    command = ["data", "build", "--sources", f"AVOS={avos}", "--out"]
    assert main([*command, str(tmp_path / "one")]) == 0
    assert "AVOS: no recording in the test set" not in capsys.readouterr().out
    assert main([*command, str(tmp_path / "two"), "--recipe", str(recipe)]) == 0
    said = capsys.readouterr().out
    assert "AVOS: no recording in the test set" in said
    assert "by source: 0 AVOS" in said
