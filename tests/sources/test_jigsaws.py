"""JIGSAWS on made files in the published layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import DataError
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source

GOOD = "Suturing_B001\t\tN\t\t13\t1\t2\t2\t3\t2\t3\n"
GESTURES = "79 194 G1 \n195 304 G2 \n305 500 G11 \n"


def folder(path: Path, meta: str = GOOD, task: str = "Suturing", **transcriptions: str) -> Path:
    (path / task / "transcriptions").mkdir(parents=True)
    (path / task / f"meta_file_{task}.txt").write_text(meta, encoding="utf-8")
    for name, text in (transcriptions or {"Suturing_B001": GESTURES}).items():
        (path / task / "transcriptions" / f"{name}.txt").write_text(text, encoding="utf-8")
    return path


def test_a_trial_is_a_question(tmp_path: Path) -> None:
    (record,) = check_source("JIGSAWS", folder(tmp_path))
    assert isinstance(record, BenchmarkRecord)
    assert record.answer == (
        "Respect for tissue: 1/5, Suture/needle handling: 2/5, Time and motion: 2/5, Flow of operation: 3/5, "
        "Overall performance: 2/5, Quality of final product: 3/5"
    )
    assert isinstance(record.struc_info, list)
    assert record.struc_info[0]["skill_level"] == "N"
    assert (record.video, record.clip.form, record.clip.start, record.clip.end) == (
        "Suturing_B001",
        "input_video_frame",
        "79",
        "500",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Suturing_B002 N 13 1 2 2 3 2", "expected a trial, a level"),
        ("Suturing N 13 1 2 2 3 2 3", "expected a trial, a level"),
        ("Suturing_B002 X 13 1 2 2 3 2 3", "level 'X' is none of"),
        ("Suturing_B002 N 13 1 2 two 3 2 3", "must be whole numbers"),
        ("Suturing_B002 N 13 1 2 nan 3 2 3", "must be whole numbers"),
        ("Suturing_B002 N 13 0 2 3 3 2 3", "must be 1 to 5"),
        ("Suturing_B002 N 16 6 2 2 3 2 3", "must be 1 to 5"),
        ("Suturing_B002 N 14 1 2 2 3 2 3", "add up to 13, but the total is 14"),
        (GOOD.strip(), "Suturing_B001 occurs twice"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, line: str, said: str) -> None:
    record, problem = SOURCES["JIGSAWS"].records(folder(tmp_path, f"{GOOD}\n{line}\n"))
    assert isinstance(record, BenchmarkRecord)
    assert isinstance(problem, Problem)
    assert problem.place == "line 3"
    assert said in problem.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("194 79 G1\n", "must end after it begins"),
        ("79 194 G16\n", "'G16' is none of G1 to G15"),
        ("79 G1\n", "expected first frame"),
        ("-1 194 G1\n", "expected first frame"),
        ("79 1e3 G1\n", "expected first frame"),
    ],
)
def test_a_bad_gesture_is_named_and_the_trial_kept(tmp_path: Path, text: str, said: str) -> None:
    problem, record = SOURCES["JIGSAWS"].records(folder(tmp_path, Suturing_B001=text + GESTURES))
    assert isinstance(problem, Problem)
    assert (problem.path.name, problem.place) == ("Suturing_B001.txt", "line 1")
    assert said in problem.reason
    assert isinstance(record, BenchmarkRecord)


@pytest.mark.parametrize("transcriptions", [{"Suturing_B009": GESTURES}, {"Suturing_B001": ""}])
def test_a_trial_without_gestures_is_named(tmp_path: Path, transcriptions: dict[str, str]) -> None:
    (problem,) = SOURCES["JIGSAWS"].records(folder(tmp_path, **transcriptions))
    assert isinstance(problem, Problem)
    assert "no question is made" in problem.reason


def test_wrong_encodings_and_other_tasks(tmp_path: Path) -> None:
    folder(tmp_path, GOOD.replace("Suturing", "Knot_Tying"), "Knot_Tying", Knot_Tying_B001=GESTURES)
    path = folder(tmp_path)
    with (path / "Suturing" / "meta_file_Suturing.txt").open("ab") as stream:
        stream.write(b"\xff\xfe\x00broken\n")
    knots, sutures, problem = SOURCES["JIGSAWS"].records(path)
    assert isinstance(knots, BenchmarkRecord)
    assert isinstance(sutures, BenchmarkRecord)
    assert (knots.video, sutures.video) == ("Knot_Tying_B001", "Suturing_B001")
    assert isinstance(problem, Problem)


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"meta_file_Suturing\.txt"):
        list(SOURCES["JIGSAWS"].records(tmp_path))
