import json
import re
from collections import Counter
from pathlib import Path

import pytest

from medgrpo.core import DataError
from medgrpo.knowledge import load_vocabulary
from medgrpo.sources import NurvidVideo, Problem, read_nurvid, read_nurvid_names
from medgrpo.sources.nurvid import nurvid_videos

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nurvid"
NAMES = DATA / "annotations" / "Procedure&Action_ID.xlsx"
needs_data = pytest.mark.skipif(not NAMES.is_file(), reason="NurViD's annotations are not beside the project")
ENTRY = {
    "operationID": 3,
    "annotations": [{"actionID": 29, "segment": [10.0, 18.5]}, {"actionID": 1, "segment": [2.0, 4.0]}],
    "duration": 738,
    "resolution": "854x480",
    "fps": 25,
    "subset": None,
    "url": "https://example.org/a",
}


def folder(tmp_path: Path, content: str, train: str = "/video_path/a.mp4 3\n") -> Path:
    split = tmp_path / "annotations" / "task1&3"
    split.mkdir(parents=True)
    (tmp_path / "annotations" / NAMES.name).write_bytes(NAMES.read_bytes())
    (tmp_path / "annotations" / "NurViD_annotations.json").write_text(content)
    for name, rows in (("train", train), ("val", ""), ("test", "")):
        (split / f"{name}.csv").write_text(f"path-label\n{rows}")
    return tmp_path


@pytest.fixture(scope="module")
def videos() -> tuple[NurvidVideo, ...]:
    return read_nurvid(DATA)


@needs_data
def test_counts_are_the_published_ones(videos: tuple[NurvidVideo, ...]):
    assert len(videos) == 1538
    assert sum(len(video.segments) for video in videos) == 5615
    assert {video.procedure_id for video in videos} == set(range(51))
    assert {segment.action_id for video in videos for segment in video.segments} == set(range(177))
    assert Counter(video.split for video in videos) == {"train": 1054, "val": 173, "test": 311}


@needs_data
def test_json_ids_count_from_one_and_task_2_and_the_spreadsheet_from_zero(videos: tuple[NurvidVideo, ...]):
    by_id = {video.id: video for video in videos}
    seen = Counter[str]()
    for kind in ("procedure", "action"):
        for split in ("train", "val", "test"):
            lines = (DATA / "annotations" / "task2" / f"{kind}_{split}.csv").read_text().splitlines()[1:]
            for clip, label in (line.rsplit(" ", 1) for line in lines if line):
                found = re.fullmatch(r"/segment_path/(.+)_(\d+)\.mp4", clip)
                assert found is not None
                video = by_id[found[1]]
                segment = next(one for one in video.segments if one.number == int(found[2]))
                assert int(label) == (segment.action_id if kind == "action" else video.procedure_id)
                seen[kind] += 1
    assert seen == {"procedure": 5615, "action": 5615}
    raw = json.loads((DATA / "annotations" / "NurViD_annotations.json").read_text())
    assert all(raw[video.id]["operationID"] == video.procedure_id + 1 for video in videos)


@needs_data
def test_names_are_those_of_our_vocabulary(videos: tuple[NurvidVideo, ...]):
    vocabulary, names = load_vocabulary(), read_nurvid_names(NAMES)
    assert (len(names.procedures), len(names.actions)) == (51, 177)
    assert names.abbreviations[1] == "CPR-MRB"
    for kind, found in (("procedure", names.procedures), ("action", names.actions)):
        for number in found:
            assert vocabulary.by_external("nurvid", f"{kind}:{number}") is not None, (kind, number)
    concept = vocabulary.by_external("nurvid", "action:2")
    assert concept is not None
    assert concept.preferred == names.actions[2].lower() == "handwashing"


@needs_data
def test_segments_come_in_order_of_time_and_keep_their_number(tmp_path: Path):
    (video,) = read_nurvid(folder(tmp_path, json.dumps({"a": ENTRY})))
    assert [(one.number, one.action_id, one.span.start_seconds) for one in video.segments] == [(2, 0, 2.0), (1, 28, 10.0)]
    assert (video.procedure, video.split, video.duration_seconds) == ("Perineal Care", "train", 738.0)


def changed(**fields: object) -> str:
    return json.dumps({"a": {**ENTRY, **fields}})


@needs_data
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "NurViD_annotations.json: not a NurViD annotation file"),
        (f'{{"a": {json.dumps(ENTRY)}, "a": 1}}', "a occurs twice"),
        (json.dumps({"b": ENTRY}), "b: is in no split file"),
        (changed(operationID=52), "a: operationID: expected 1 to 51, got 52"),
        (changed(operationID=4), "a: operationID is 4, but train.csv of task1&3 says 3"),
        (changed(duration="x"), "a: duration: expected a number, got 'x'"),
        (changed(annotations=[{"actionID": 0, "segment": [0, 1]}]), "annotation 1: actionID: expected 1 to 177, got 0"),
        (changed(annotations=[{"actionID": 1, "segment": [5, 1]}]), "annotation 1: span must satisfy"),
        (changed(annotations=[{"actionID": 1, "segment": [float("nan"), 1]}]), "annotation 1: segment: expected a finite number"),
        (changed(annotations=[{"actionID": 1, "segment": [5]}]), r"annotation 1: segment: expected \[start, end\]"),
        (json.dumps({"a": {key: value for key, value in ENTRY.items() if key != "url"}}), "a: 'url' is missing"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, words: str):
    with pytest.raises(DataError, match=words):
        read_nurvid(folder(tmp_path, content))


@needs_data
@pytest.mark.parametrize(
    ("train", "words"),
    [
        ("/video_path/a.mp4 3\n/video_path/a.mp4 3\n", "train.csv: line 3: a is already in train"),
        ("/video_path/a.mp4\n", "train.csv: line 2: expected"),
        ("/video_path/a.mp4 3\n/video_path/b.mp4 3\n", "b: is in a split file of task1&3 but has no annotation"),
    ],
)
def test_split_files_are_checked(tmp_path: Path, train: str, words: str):
    with pytest.raises(DataError, match=words):
        read_nurvid(folder(tmp_path, json.dumps({"a": ENTRY}), train))


def test_a_folder_without_annotation_says_so(tmp_path: Path):
    with pytest.raises(DataError, match=r"Procedure&Action_ID\.xlsx: not an \.xlsx"):
        read_nurvid(tmp_path)


@needs_data
def test_a_bad_entry_is_a_problem_and_reading_goes_on(tmp_path: Path):
    bad = {**ENTRY, "annotations": [*ENTRY["annotations"], {"actionID": 0, "segment": [0, 1]}, {"actionID": 1, "segment": [9, 1]}]}
    content = {"a": bad, "b": {**ENTRY, "duration": -1}, "c": ENTRY, "d": []}
    train = "/video_path/a.mp4 3\nnonsense\n/video_path/b.mp4 3\n/video_path/d.mp4 3\n/video_path/e.mp4 3\n"
    found = list(nurvid_videos(folder(tmp_path, json.dumps(content), train)))
    assert [f"{one.path.name}: {one.place}: {one.reason}" for one in found if isinstance(one, Problem)] == [
        "train.csv: line 3: expected '/video_path/ID.mp4 LABEL', got 'nonsense'",
        "NurViD_annotations.json: a: annotation 3: actionID: expected 1 to 177, got 0",
        "NurViD_annotations.json: a: annotation 4: span must satisfy 0 <= start <= end, got 9.0..1.0",
        "NurViD_annotations.json: b: duration must be positive, got -1.0",
        "NurViD_annotations.json: c: is in no split file of task1&3",
        "NurViD_annotations.json: d: entry: expected an object",
        "NurViD_annotations.json: e: is in a split file of task1&3 but has no annotation",
    ]
    (video,) = [one for one in found if not isinstance(one, Problem)]
    assert [segment.number for segment in video.segments] == [2, 1]


@needs_data
@pytest.mark.parametrize("content", [b"", b"\xff\xfe{", b"[]", b"{" * 5, b'{"a":' * 100_000])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: bytes):
    path = folder(tmp_path, "{}")
    (path / "annotations" / "NurViD_annotations.json").write_bytes(content)
    with pytest.raises(DataError, match="not a NurViD annotation file"):
        list(nurvid_videos(path))
