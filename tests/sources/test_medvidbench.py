"""MedVidBench JSON: both splits' conventions are read, written and read back equal."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgrpo.core import DataError, Example, MissingExtra, Unparsed
from medgrpo.sources import (
    SOURCES,
    SUFFIXES,
    BenchmarkRecord,
    ClipBounds,
    Problem,
    Region,
    example_of,
    read_medvidbench,
    write_medvidbench,
)
from medgrpo.tasks import TASKS, PixelBox


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


def _still(**changes: Any) -> dict[str, Any]:
    """About a single picture: ours alone."""
    place = {"video_id": "made", "fps": "1.0", "start_frame": "16", "end_frame": "16"}
    said = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A hook."}]
    held = {"qa_type": "video_summary_gpt", "video": ["a/16.jpg"], "sampled_video_frames": [16], "struc_info": None}
    return _raw(**held, metadata=place, conversations=said) | changes


def _read(path: Path) -> list[BenchmarkRecord | Problem]:
    return list(read_medvidbench(path))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.parquet"])
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
        (_still(video=["a/16.jpg", "a/17.jpg"]), "a single picture (<image>), but `video` lists 2"),
        (_still(metadata=_time("1", "3")), "starts and ends at one place, not from 1 to 3"),
        (_still(conversations=[{"from": "human", "value": "What?\n<image>"}]), "<image> stands once, on the first line"),
        (_still(conversations=[{"from": "human", "value": "<image>\n<image>\nWhat?"}]), "<image> stands once, on the first line"),
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


_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_FINITE = st.floats(0, 4000, allow_nan=False).map(lambda value: round(value, 3))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | _FINITE | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _records(draw: st.DrawFn, index: int = 0) -> BenchmarkRecord:
    frames = tuple(draw(st.lists(_TEXT, max_size=4, unique=True)))
    first, last = sorted(draw(st.tuples(_FINITE, _FINITE)))
    form = draw(st.sampled_from(("input_video_frame", "input_video_time", "frame")))
    start, end = (str(first), str(last)) if form == "input_video_time" else (str(int(first)), str(int(last)))
    x0, x1 = sorted(draw(st.tuples(_FINITE, _FINITE)))
    video, fps = draw(_TEXT), draw(st.sampled_from((Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(3), Fraction("0.1"))))
    number = f"{fps}${video}${start}${end}"
    return BenchmarkRecord(
        index=index,
        id=draw(st.sampled_from((f"{video}&&{start}&&{end}&&{fps}", number))),
        qa_type=draw(st.sampled_from([kind for task in TASKS.values() for kind in task.card.qa_types])),
        source=draw(st.sampled_from(sorted(SOURCES))),
        train=draw(st.booleans()),
        frames=frames,
        frame_numbers=tuple(draw(st.lists(st.integers(0, 10**9), max_size=4))),
        video=video,
        clip=ClipBounds(form, start, end),
        frames_per_second=fps,
        question=draw(_TEXT),
        answer=draw(st.none() | _TEXT),
        region=Region(frames[0], PixelBox(x0, first, x1, last)) if frames and draw(st.booleans()) else None,
        struc_info=draw(_JSON),
        author=draw(st.none() | st.just("template")),
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=30, deadline=None)
@given(made=st.lists(_records(), max_size=4))
def test_every_record_reads_back_equal(suffix: str, made: list[BenchmarkRecord]) -> None:
    numbered = [replace(record, index=index) for index, record in enumerate(made)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        assert write_medvidbench(path, numbered) == len(numbered)
        assert _read(path) == numbered
        assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_groups_of_a_table_follow_one_another(tmp_path: Path) -> None:
    made = [replace(record, index=index) for index, record in enumerate([_one()] * 2345)]
    assert write_medvidbench(tmp_path / "a.parquet", iter(made)) == 2345
    assert _read(tmp_path / "a.parquet") == made


def _one() -> BenchmarkRecord:
    return BenchmarkRecord(
        0,
        "i",
        "tal",
        "AVOS",
        True,
        (),
        (),
        "v",
        ClipBounds("input_video_time", "0.0", "1.0"),
        Fraction(1),
        "When?",
        "0.0-1.0 seconds.",
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_record_out_of_place_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match="record 1 has the index 0"):
        write_medvidbench(tmp_path / f"a{suffix}", [_one(), _one()])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1PAR1", b"[" * 100_000, b"null", b"7\n"])
def test_hostile_files_are_named(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    if suffix == ".jsonl":
        assert all(isinstance(one, Problem) for one in _read(path))
    else:
        with pytest.raises(DataError, match=path.name):
            _read(path)


def test_a_line_of_another_encoding_is_named_and_the_rest_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = json.dumps(_raw()).encode()
    path.write_bytes(line + b"\n" + line.replace(b"made&&0", b"mad\xe9&&0") + b"\n" + line + b"\n")
    first, problem, last = _read(path)
    assert isinstance(first, BenchmarkRecord)
    assert isinstance(problem, Problem)
    assert problem.place == "line 2"
    assert isinstance(last, BenchmarkRecord)
    assert last.index == 2


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {**_time("1", "nan"), "fps": "1.0"}},
        {"metadata": {**_time("1", "2"), "fps": "nan"}},
        {"metadata": {**_time("1", "2"), "fps": "1/0"}},
        {"struc_info": [{"spans": [{"start": float("nan"), "end": 1}]}]},
        {"RC_info": {"start_frame": "/root/data/a/0.jpg", "start_frame_bbox": [1, 2, float("inf"), 4]}},
        {"RC_info": {"start_frame": "/root/data/a/0.jpg", "start_frame_bbox": [5, 2, 3, 4]}},
        {"RC_info": {"start_frame": "/root/data/a/0.jpg", "start_frame_bbox": [5, 2, 3]}},
        {"sampled_video_frames": [1.5]},
        {"video": "a.jpg"},
        {"id": "half \ud800"},
        {"answer_author": 7},
    ],
)
def test_hostile_values_are_problems(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([_raw(**change), _raw()]), encoding="utf-8")
    problem, good = _read(path)
    assert isinstance(problem, Problem)
    assert isinstance(good, BenchmarkRecord)


def test_parquet_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"medgrpo\[data\]"):
        write_medvidbench(tmp_path / "a.parquet", [_one()])


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.parquet"])
def test_a_single_picture_is_said_by_the_questions_first_line_and_read_back_equal(tmp_path: Path, name: str) -> None:
    source, copy = tmp_path / "raw.json", tmp_path / name
    one_frame = _still(conversations=[{"from": "human", "value": "<video>\nWhat?"}])
    source.write_text(json.dumps([_still(), _still(video=[]), one_frame]), encoding="utf-8")
    first = [record for record in _read(source) if isinstance(record, BenchmarkRecord)]
    assert [(record.still, record.question) for record in first] == [(True, "What?"), (True, "What?"), (False, "What?")]
    write_medvidbench(copy, first)
    assert _read(copy) == first
