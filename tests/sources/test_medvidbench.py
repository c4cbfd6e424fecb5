"""MedVidBench JSON: both splits' conventions are read, written and read back equal."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import DataError, Example, Unparsed
from medgrpo.sources import BenchmarkRecord, Problem, example_of, read_medvidbench, write_medvidbench


def _raw(**changes: Any) -> dict[str, Any]:
    return {
        "id": "made&&0&&40&&1.0",
        "qa_type": "tal",
        "data_source": "AVOS",
        "dataset_name": "AVOS",
        "train": False,
        "video": ["/root/data/a/0.jpg", "/root/data/a/16.jpg", "/root/data/a/31.jpg"],
        "sampled_video_frames": [0, 16, 31],
        "metadata": {"video_id": "made", "fps": "1.0", "input_video_start_frame": "0", "input_video_end_frame": "40"},
        "conversations": [{"from": "human", "value": "<video>\nWhen?"}, {"from": "gpt", "value": "0.0-2.0 seconds."}],
        "is_RC": False,
        "RC_info": None,
        "struc_info": [{"action": "tying", "spans": [{"start": 0.0, "end": 2.0}]}],
        **changes,
    }


def _time(start: str, end: str) -> dict[str, str]:
    return {"video_id": "n", "fps": "0.5", "input_video_start_time": start, "input_video_end_time": end}


RAW = [
    _raw(),
    _raw(),  # the same id again
    _raw(id="1.0$VID25$34476$37576", data_source="NurViD", metadata=_time("12.5", "60.0")),
    _raw(
        qa_type="cvs_assessment",
        data_source="Cholec80_CVS",
        metadata={"video_id": "c", "fps": 0.1, "start_frame": 25, "end_frame": 500},
        struc_info=[{"cvs_scores": {"two_structures": 2, "cystic_plate": 1, "hepatocystic_triangle": 0}}],
    ),
    _raw(
        qa_type="region_caption_gpt",
        conversations=[{"from": "human", "value": "<video>\nWhat?"}],
        is_RC=True,
        RC_info={"start_frame": "/root/data/a/16.jpg", "start_frame_bbox": [1, 2.5, 30, 40]},
    ),
]


def _read(path: Path) -> list[BenchmarkRecord | Problem]:
    return list(read_medvidbench(path))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_both_splits_read_and_read_back_equal(tmp_path: Path, name: str) -> None:
    source, copy = tmp_path / "raw.json", tmp_path / name
    source.write_text(json.dumps(RAW), encoding="utf-8")
    first = [record for record in _read(source) if isinstance(record, BenchmarkRecord)]
    assert len(first) == len(RAW)
    assert write_medvidbench(copy, first) == len(RAW)
    assert _read(copy) == first
    assert [record.index for record in first] == [0, 1, 2, 3, 4]
    assert [record.clip.form for record in first[1:4]] == ["input_video_frame", "input_video_time", "frame"]
    assert first[3].source == "Cholec80-CVS"
    assert first[3].frames_per_second == Fraction(1, 10)
    assert first[4].region is not None
    assert first[4].region.frame == "/root/data/a/16.jpg"
    assert first[4].answer is None


def test_examples_have_unique_keys_though_ids_repeat(tmp_path: Path) -> None:
    path = tmp_path / "raw.json"
    path.write_text(json.dumps(RAW), encoding="utf-8")
    examples = [example_of(record) for record in _read(path) if isinstance(record, BenchmarkRecord)]
    assert [one.key for one in examples if isinstance(one, Example)] == ["AVOS:0", "AVOS:1", "NurViD:2", "Cholec80-CVS:3"]
    assert isinstance(examples[4], Unparsed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"qa_type": "other"}, "qa_type"),
        ({"metadata": {"video_id": "a", "fps": "1.0"}}, "three forms"),
        ({"metadata": _time("9", "3")}, "from 9 to 3"),
        ({"metadata": {**_time("1", "3"), "fps": "0"}}, "positive"),
        ({"conversations": []}, "human"),
        ({"RC_info": {"start_frame": "elsewhere.jpg", "start_frame_bbox": [1, 2, 3, 4]}}, "no element"),
    ],
)
def test_a_faulty_record_is_named_and_the_rest_is_read(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "raw.json"
    path.write_text(json.dumps([_raw(**change), _raw()]), encoding="utf-8")
    problem, good = _read(path)
    assert isinstance(problem, Problem)
    assert problem.place == "record 0"
    assert said in problem.reason
    assert isinstance(good, BenchmarkRecord)
    assert good.index == 1


def test_broken_line_is_named_and_broken_file_refused(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_text(json.dumps(_raw()) + "\n{\n", encoding="utf-8")
    problem = _read(lines)[1]
    assert isinstance(problem, Problem)
    assert problem.place == "line 2"
    whole = tmp_path / "a.json"
    whole.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="one array"):
        _read(whole)
