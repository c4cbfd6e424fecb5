"""CholecT50 -> questions: what is known across missing seconds, and what is wrong with labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source
from medgrpo.sources.cholect50_questions import ONLY_NEXT


def row(phase: int, triplet: int = -1) -> list[float]:
    return [triplet, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, phase]


def folder(path: Path, annotations: object, name: str = "VID01") -> Path:
    (path / "labels").mkdir(exist_ok=True)
    (path / "labels" / f"{name}.json").write_text(json.dumps({"annotations": annotations}), encoding="utf-8")
    return path


def nexts(path: Path) -> list[tuple[str | None, str, str]]:
    found = [one for one in check_source("CholecT50", path) if isinstance(one, BenchmarkRecord) and one.qa_type == "next_action"]
    return [(one.answer, one.clip.start, one.clip.end) for one in found]


def test_the_first_phases_have_one_successor_and_the_later_ones_have_not(tmp_path: Path) -> None:
    assert ONLY_NEXT == {0: 1, 1: 2, 2: 3}
    sparse = {0: 0, 12: 0, 40: 1, 60: 1, 90: 2, 101: 2, 150: 3, 170: 3, 190: 4, 205: 4, 220: 6}
    path = folder(tmp_path, {str(second): [row(phase)] for second, phase in sparse.items()})
    assert nexts(path) == [
        ("carlot-triangle-dissection", "0.0", "13.0"),
        ("clipping-and-cutting", "40.0", "61.0"),
        ("gallbladder-dissection", "90.0", "102.0"),
    ]


def test_an_order_that_no_video_has_asks_nothing(tmp_path: Path) -> None:
    sparse = {0: 1, 20: 1, 40: 3, 60: 3}
    assert nexts(folder(tmp_path, {str(second): [row(phase)] for second, phase in sparse.items()})) == []


def test_a_later_phase_is_asked_about_as_far_back_as_no_second_misses(tmp_path: Path) -> None:
    held = dict.fromkeys((*range(5), *range(10, 30)), 4) | dict.fromkeys(range(30, 33), 5)
    path = folder(tmp_path, {str(second): [row(phase)] for second, phase in held.items()})
    assert nexts(path) == [("cleaning-and-coagulation", "10.0", "30.0")]


def test_dense_captions_take_actions_that_last(tmp_path: Path) -> None:
    # triplet 60: hook, dissect, gallbladder; 17: grasper, retract, gallbladder for 2 s only; 96: hook without an action
    rows = {second: [row(3, 60 if second < 15 else 96), *([row(3, 17)] if second < 2 else [])] for second in range(20)}
    found = [one for one in check_source("CholecT50", folder(tmp_path, rows)) if isinstance(one, BenchmarkRecord)]
    (dense,) = [one for one in found if one.qa_type == "dense_captioning_gpt"]
    assert dense.answer == (
        "0.0-15.0 seconds: The hook dissects the gallbladder during dissection of the gallbladder from the liver bed."
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"5": [[1.0]]}, "second 5: an instance has 15 values"),
        ({"5": [row(9)]}, "second 5: phase must be -1 or a whole number"),
        ({"5": [row(0, 100)]}, "second 5: triplet must be"),
        ({"5": [["a"] * 15]}, "second 5: "),
        ({"5": [[float("nan")] * 15]}, "second 5: "),
        ({"5": 7}, "second 5: "),
        ({"five": [row(0)]}, "second five: "),
        ({"-5": [row(0)]}, "second -5: a second before the video"),
        ({"05": [row(0)], "5": [row(0)]}, "second 5: the second occurs twice"),
        ({"5": [row(0), row(1)]}, "second 5: 2 phases at once: preparation, carlot-triangle-dissection"),
    ],
)
def test_a_bad_second_is_named_and_the_rest_is_read(tmp_path: Path, rows: dict[str, Any], said: str) -> None:
    path = folder(tmp_path, {**{str(second): [row(0)] for second in range(100, 130)}, **rows})
    found = list(SOURCES["CholecT50"].records(path))
    (problem,) = [one for one in found if isinstance(one, Problem)]
    assert said in str(problem)
    assert sum(isinstance(one, BenchmarkRecord) for one in found) == 2


@pytest.mark.parametrize("content", [b"", b"\xff\xfe{", b"[]", b'{"annotations": 7}', b"[" * 100_000])
def test_a_broken_file_leaves_the_other_videos(tmp_path: Path, content: bytes) -> None:
    path = folder(tmp_path, {str(second): [row(0)] for second in range(30)}, "VID02")
    (path / "labels" / "VID01.json").write_bytes(content)
    problem, *found = SOURCES["CholecT50"].records(path)
    assert isinstance(problem, Problem)
    assert "not a CholecT50 label file" in problem.reason
    assert {one.video for one in found if isinstance(one, BenchmarkRecord)} == {"VID02"}


def test_pictures_are_named_as_they_lie_and_missing_ones_told(tmp_path: Path) -> None:
    path = folder(tmp_path, {str(second): [row(0)] for second in range(20)})
    (path / "videos" / "VID01").mkdir(parents=True)
    for second in range(19):
        (path / "videos" / "VID01" / f"{second:06d}.jpg").touch()
    problem, first, *_ = SOURCES["CholecT50"].records(path)
    assert isinstance(problem, Problem)
    assert problem.reason == "has no picture 000019 in videos/VID01"
    assert isinstance(first, BenchmarkRecord)
    assert first.frames == tuple(f"videos/VID01/{second:06d}.jpg" for second in range(19))
