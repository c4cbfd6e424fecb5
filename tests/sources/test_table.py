"""The sources of questions: on made files, and on the real annotation where it lies beside the repository."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source, read_medvidbench
from medgrpo.tasks import TASKS

DATA = Path(__file__).parents[3] / "shared" / "data"
SEGMENTS = """video_id,labeler_1,labeler_2,labeler_3,label,duration,start_seconds,end_seconds
a,,,,cutting,10,0,10
a,,,,background,5,10,15
a,,,,tying,5,15,20
a,,,,cutting,4,20,24
"""

SUMMARY = (
    "The clip shows a laparoscopic cholecystectomy. The phase is preparation (for 10 s of 30 s); "
    "the phase is dissection of the hepatocystic (Calot's) triangle (for 20 s of 30 s)."
)


def _folder(path: Path, duration: str = "30") -> Path:
    (path / "segments.csv").write_text(SEGMENTS, encoding="utf-8")
    (path / "videos.csv").write_text(f"video_id,duration_seconds\na,{duration}\n", encoding="utf-8")
    return path


def test_avos_questions_by_hand(tmp_path: Path) -> None:
    found = [one for one in check_source("AVOS", _folder(tmp_path)) if isinstance(one, BenchmarkRecord)]
    assert [(one.qa_type, one.answer) for one in found] == [
        ("tal", "0.0-10.0, 20.0-24.0 seconds."),
        ("tal", "15.0-20.0 seconds."),
        ("next_action", "tying"),
        ("next_action", "cutting"),
        (
            "dense_captioning_gpt",
            "0.0-10.0 seconds: The surgeon cuts or dissects tissue.\n15.0-20.0 seconds: The surgeon ties a knot.\n"
            "20.0-24.0 seconds: The surgeon cuts or dissects tissue.",
        ),
    ]
    assert [one.author for one in found] == [None, None, None, None, "template"]
    assert (found[2].clip.start, found[2].clip.end) == ("0.0", "10.0")


def test_problem_names_line_and_is_fatal_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(_folder(tmp_path, "20"))
    assert main(["data", "check", "AVOS", folder]) == 0
    said = capsys.readouterr().out
    assert "segments.csv: line 5: a: labelled to 24 s" in said
    assert "problems: 1" in said
    assert main(["data", "check", "AVOS", folder, "--strict"]) == 2


def test_cholect50_clips_are_unbroken_and_times_count_from_their_start(tmp_path: Path) -> None:
    def row(phase: int) -> list[list[float]]:
        return [[-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, phase]]

    rows: dict[str, list[list[float]]] = {str(second): row(0 if second < 110 else 1) for second in range(100, 130)}
    (tmp_path / "labels").mkdir()
    content = {"annotations": {**rows, "5": row(3), "140": [[1.0]]}}
    (tmp_path / "labels" / "VID01.json").write_text(json.dumps(content), encoding="utf-8")
    problem, *found = check_source("CholecT50", tmp_path)
    assert isinstance(problem, Problem)
    assert problem.place == "second 140"
    records = [one for one in found if isinstance(one, BenchmarkRecord)]
    assert [(one.qa_type, one.answer, one.clip.start, one.clip.end) for one in records] == [
        ("tal", "0.0-10.0 seconds.", "100.0", "130.0"),
        ("tal", "10.0-30.0 seconds.", "100.0", "130.0"),
        ("video_summary_gpt", SUMMARY, "100.0", "130.0"),
        ("next_action", "carlot-triangle-dissection", "100.0", "110.0"),
    ]
    assert records[0].frames[:2] == ("videos/VID01/000100.png", "videos/VID01/000101.png")
    assert records[0].frame_numbers == tuple(range(100, 130))


@pytest.mark.parametrize("name", ["out.json", "out.jsonl", "out.parquet"])
def test_converted_file_reads_back_equal(tmp_path: Path, name: str) -> None:
    folder, out = _folder(tmp_path), tmp_path / name
    assert main(["data", "convert", "AVOS", str(folder), "--out", str(out)]) == 0
    assert list(read_medvidbench(out)) == list(SOURCES["AVOS"].records(folder))
    assert main(["data", "check", "MedVidBench", str(out), "--strict"]) == 0


def test_a_file_that_cannot_be_read_is_a_problem_like_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "segments.csv").write_text(SEGMENTS.replace("start_seconds", "begin"), encoding="utf-8")
    assert main(["data", "check", "AVOS", str(tmp_path)]) == 0
    assert "segments.csv: the file: line 1: no column 'start_seconds'" in capsys.readouterr().out
    assert main(["data", "check", "AVOS", str(tmp_path), "--strict"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [["data", "check", "other", "."], ["data", "check", "AVOS", "not/there"], ["data", "convert", "AVOS", ".", "--out", "a.txt"]],
)
def test_wrong_arguments_are_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("source", "folder", "counts", "problems"),
    [
        ("AVOS", "avos", {"tal": 776, "next_action": 2131, "dense_captioning_gpt": 650}, 0),
        ("NurViD", "nurvid", {"tal": 4606, "next_action": 3207, "dense_captioning_gpt": 1908}, 24),
        (
            "CoPESD",
            "copesd",
            {"tal": 13, "stg": 72, "next_action": 64, "dense_captioning_gpt": 7, "video_summary_gpt": 7},
            1,
        ),
        ("CholecT50", "cholect50", {"tal": 18, "next_action": 12, "dense_captioning_gpt": 6, "video_summary_gpt": 6}, 0),
    ],
)
def test_real_annotation(source: str, folder: str, counts: dict[str, int], problems: int) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(f"the annotation of {source} is not beside the repository")
    found = list(check_source(source, DATA / folder))
    records = [one for one in found if isinstance(one, BenchmarkRecord)]
    assert Counter(one.qa_type for one in records) == counts
    assert [one.index for one in records] == list(range(len(records)))
    assert sum(isinstance(one, Problem) for one in found) == problems


def test_every_source_of_the_tasks_is_made() -> None:
    """The task and source table of MedVidBench, as the tasks' cards hold it, is what the sources' cards say they make.

    Simulated cases are no source of MedVidBench: they make every task.
    """
    asked = {(source, task.card.name) for task in TASKS.values() for source in task.card.sources}
    made = {(source.card.name, task) for source in SOURCES.values() for task in source.card.tasks}
    assert made == asked | {("Simulated", task) for task in TASKS}
    assert all(name == source.card.name for name, source in SOURCES.items())
