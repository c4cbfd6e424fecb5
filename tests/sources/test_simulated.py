"""Simulated cases as a source: every task, by truth written by hand, and by a case that the simulator wrote itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import DataError
from medgrpo.simulation import simulate_world, write_world
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source
from medgrpo.tasks import TASKS, task_of


def _span(start: float, end: float, **more: object) -> dict[str, object]:
    return {"start_seconds": start, "end_seconds": end, **more}


def _write(folder: Path, truth: dict[str, Any], rows: list[dict[str, Any]], pictures: Path) -> None:
    pictures.mkdir(parents=True)
    (folder / "truth.json").write_text(json.dumps(truth), encoding="utf-8")
    (folder / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for second in range(len(rows)):
        (pictures / f"{second:06d}.jpg").touch()


def _operation(folder: Path) -> None:
    """40 s: 10 s of preparation, 30 s of dissection; the hook dissects from second 12 to 32, at 20 there are two of it."""
    folder.mkdir()
    truth = {
        "format": "medgrpo-simulation-truth/1", "case": "SIM0001", "size_wh": [100, 50], "duration_seconds": 40.0,
        "phases": [_span(0, 10, phase="preparation"), _span(10, 40, phase="carlot-triangle-dissection")],
        "actions": [_span(12, 32, triplet="hook,dissect,cystic_duct"), _span(0, 3, triplet="grasper,null_verb,null_target")],
    }  # fmt: skip
    tip = {"triplet": "hook,dissect,cystic_duct", "box_xyxy": [0.1, 0.2, 0.3, 0.4]}
    rows = [
        {"seconds": second, "tips": [tip] * (2 if second == 20 else 12 <= second < 32), "critical_view": [second // 20, 0, 1]}
        for second in range(40)
    ]
    _write(folder, truth, rows, folder / "videos" / "SIM0001")


def _bench(folder: Path) -> None:
    folder.mkdir()
    truth = {
        "format": "medgrpo-world-truth/1", "world": "bench-suturing", "case": "bench-0001", "size_wh": [100, 50],
        "duration_seconds": 30.0, "labels": ["reach", "push", "pull"], "phases": [_span(0, 30, label="suturing")],
        "actions": [_span(0, 10, label="reach"), _span(10, 30, label="push")],
        "deeds": [_span(10, 30, tool="driver", verb="pushes", target="the needle")],
        "skill": dict.fromkeys(
            ["Respect for tissue", "Suture/needle handling", "Time and motion", "Flow of operation", "Overall performance",
             "Quality of final product"], 4),
    }  # fmt: skip
    _write(folder, truth, [{"seconds": second, "tools": []} for second in range(30)], folder / "frames")


def _found(folder: Path) -> list[BenchmarkRecord]:
    found = list(check_source("Simulated", folder))
    assert not [one for one in found if isinstance(one, Problem)]
    return [one for one in found if isinstance(one, BenchmarkRecord)]


def test_an_operation_by_hand(tmp_path: Path) -> None:
    _operation(tmp_path / "a")
    held = {(one.qa_type, one.answer): one for one in _found(tmp_path)}
    answers = [(kind, answer) for kind, answer in held if kind in ("tal", "next_action", "cvs_assessment")]
    assert answers == [
        ("tal", "0.0-10.0 seconds."),
        ("tal", "10.0-40.0 seconds."),
        ("tal", "12.0-32.0 seconds."),
        ("next_action", "carlot-triangle-dissection"),
        ("cvs_assessment", "Two structures: 1, Cystic plate: 0, Hepatocystic triangle: 1"),
    ]
    dense = next(one for one in held.values() if one.qa_type == "dense_captioning_gpt")
    assert dense.answer == "12.0-32.0 seconds: The hook dissects the cystic duct."
    tracks = [one.answer for one in held.values() if one.qa_type == "stg"]  # second 20 shows two hooks: neither is meant
    assert [str(answer).split(" seconds")[0] for answer in tracks] == ["12.0", "21.0"]
    assert str(tracks[0]).startswith("12.0 seconds: [10, 10, 30, 20] 13.0 seconds:")
    region = next(one for one in held.values() if one.qa_type == "region_caption_gpt")
    assert region.region is not None
    assert region.region.frame == "a/videos/SIM0001/000021.jpg" == region.frames[0]
    assert region.answer == "The hook dissects the cystic duct and stays in the upper left of the picture."


def test_a_graded_exercise_by_hand(tmp_path: Path) -> None:
    _bench(tmp_path / "b")
    held = _found(tmp_path)
    skill = next(one for one in held if one.qa_type == "skill_assessment")
    assert skill.answer is not None
    assert skill.answer.startswith("Respect for tissue: 4/5, ")
    assert [one.answer for one in held if one.qa_type == "next_action"] == ["push"]
    dense = next(one for one in held if one.qa_type == "dense_captioning_gpt")
    assert dense.answer == "10.0-30.0 seconds: The driver pushes the needle."


def test_all_eight_tasks_are_made(tmp_path: Path) -> None:
    _operation(tmp_path / "a")
    _bench(tmp_path / "b")
    tasks = [task_of(one.qa_type) for one in _found(tmp_path)]
    assert {task.card.name for task in tasks if task is not None} == set(TASKS) == set(SOURCES["Simulated"].card.tasks)


def test_what_the_simulator_writes_is_read(tmp_path: Path) -> None:
    case = simulate_world("submucosal-dissection", 0.5, 3, size_wh=(160, 120), frame_rate=1)
    write_world(case, tmp_path / "case", video=False, frames=True)
    kinds = {one.qa_type for one in _found(tmp_path)}
    assert {"tal", "next_action", "dense_captioning_gpt", "video_summary_gpt"} <= kinds


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no simulated case"):
        list(SOURCES["Simulated"].records(tmp_path))
    _operation(tmp_path / "a")
    (tmp_path / "a" / "truth.json").write_text('{"format": "other"}', encoding="utf-8")
    (found,) = check_source("Simulated", tmp_path)
    assert isinstance(found, Problem)
    assert "format 'other' is none of" in found.reason
    (tmp_path / "a" / "truth.json").write_text('{"format": "medgrpo-world-truth/1"}', encoding="utf-8")
    (found,) = check_source("Simulated", tmp_path)
    assert isinstance(found, Problem)
    assert "is missing" in found.reason


def test_next_actions_show_the_pictures_of_their_clip(tmp_path: Path) -> None:
    _operation(tmp_path / "a")
    asked = next(one for one in _found(tmp_path) if one.qa_type == "next_action")
    assert asked.frame_numbers == tuple(range(10))
    assert asked.frames[-1] == "a/videos/SIM0001/000009.jpg"


def test_a_stretch_between_two_seconds_has_no_picture_and_no_question(tmp_path: Path) -> None:
    _bench(tmp_path / "a")
    path = tmp_path / "a" / "truth.json"
    truth = json.loads(path.read_text(encoding="utf-8"))
    stretches = ((0, 9.2, "reach"), (9.2, 9.9, "push"), (9.9, 10.3, "pull"), (10.3, 30, "push"))
    truth["actions"] = [_span(start, end, label=label) for start, end, label in stretches]
    path.write_text(json.dumps(truth), encoding="utf-8")
    asked = [one for one in _found(tmp_path) if one.qa_type == "next_action"]
    assert [(one.answer, len(one.frames)) for one in asked] == [("push", 10), ("push", 1)]  # after 9.2-9.9 none, after 9.9-10.3 one
    for picture in (tmp_path / "a" / "frames").glob("*.jpg"):
        picture.unlink()
    assert len([one for one in _found(tmp_path) if one.qa_type == "next_action"]) == 3  # without any picture all are as they were
