"""CholecTrack20 on made files in the published layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import DataError
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source
from medgrpo.sources.cholectrack20 import tracked_videos

TOOLS = ("grasper", "bipolar", "hook", "scissors", "clipper", "irrigator", "specimen-bag")
OPERATORS = ("null", "main-surgeon-left-hand (MSLH)", "assistant-surgeon-right-hand (ASRH)", "main-surgeon-right-hand (MSRH)")


def tool(track: int, instrument: int = 2, operator: int = 3, box: object = (0.5, 0.5, 0.1, 0.25), **more: Any) -> dict[str, Any]:
    flags = dict.fromkeys(
        ("crowded", "visible", "occluded", "bleeding", "smoke", "blurred", "undercoverage", "reflection", "stainedlens"), 0
    )
    return {
        "instrument": instrument,
        "verb": -1,
        "target": -1,
        "triplet": -1,
        "phase": 1,
        "tool_bbox": list(box) if isinstance(box, tuple) else box,
        "operator": operator,
        "iscrowd": 0,
        "area": 0.025,
        "score": 1.0,
        "visibility": 1,
        "intraoperative_track": track,
        "intracorporeal_track": track,
        "visibility_track": track,
        **flags,
        **more,
    }


def content(annotations: object, **video: Any) -> dict[str, Any]:
    count = len(annotations) if isinstance(annotations, dict) else 0
    return {
        "info": {"dataset": "CholecTrack20", "version": "1.0"},
        "video": {"name": "VID25", "split": "training", "width": 854, "height": 480, "num_frames": count, **video},
        "categories": {
            "tools": [{"id": number, "name": name} for number, name in enumerate(TOOLS)],
            "operators": [{"id": number, "name": name} for number, name in enumerate(OPERATORS)],
        },
        "annotations": annotations,
    }


def folder(path: Path, made: object, split: str = "Training", name: str = "VID25") -> Path:
    (path / split / name).mkdir(parents=True)
    (path / split / name / f"{name}.json").write_text(json.dumps(made), encoding="utf-8")
    return path


def records(path: Path) -> list[BenchmarkRecord]:
    found = list(check_source("CholecTrack20", path))
    assert [str(one) for one in found if isinstance(one, Problem)] == []
    return [one for one in found if isinstance(one, BenchmarkRecord)]


def test_one_track_by_hand_over_a_missing_second(tmp_path: Path) -> None:
    frames = {str(34476 + 25 * second): [tool(7, verb=2, target=0)] for second in (0, 1, 2, 4, 5)}
    stg, caption = records(folder(tmp_path, content(frames)))
    assert stg.id == "1.0$VID25$34476$34601"
    assert stg.train
    assert (stg.qa_type, stg.source, stg.clip.form) == ("stg", "CholecTrack20", "input_video_frame")
    assert stg.frame_numbers == (34476, 34501, 34526, 34576, 34601)
    assert stg.frames[0] == "Training/VID25/Frames/034476.png"
    # 0.5 of 854 x 480 is 427, 240; a tenth of the width is 85.4, a quarter of the height 120
    assert stg.answer == " ".join(f"{time}.0 seconds: [427, 240, 512.4, 360]" for time in (0, 1, 2, 4, 5))
    assert stg.struc_info == [
        {
            "start": 0.0,
            "end": 5.0,
            "stride": 1.0,
            "object": "hook",
            "bbox_dict": {f"{time}.0": [427.0, 240.0, 512.4, 360.0] for time in (0, 1, 2, 4, 5)},
        }
    ]
    assert caption.qa_type == "region_caption_gpt"
    assert caption.region is not None
    assert caption.region.frame == caption.frames[0]
    assert caption.answer == (
        "The hook in the main surgeon's right hand dissects the gallbladder and stays in the centre of the picture."
    )
    assert caption.author == "template"


def test_two_of_a_kind_are_told_apart_by_who_holds_them_or_not_asked_about(tmp_path: Path) -> None:
    two = [tool(1, 0, 1), tool(2, 0, 2)]
    frames = {str(25 * second): two for second in range(6)}
    things = [one.struc_info[0]["object"] for one in records(folder(tmp_path / "a", content(frames))) if one.qa_type == "stg"]  # type: ignore[index]
    assert things == ["grasper in the main surgeon's left hand", "grasper in the assistant surgeon's right hand"]
    same = {str(25 * second): [tool(1, 0, 1), tool(2, 0, 1)] for second in range(6)}
    kinds = [one.qa_type for one in records(folder(tmp_path / "b", content(same)))]
    assert kinds == ["region_caption_gpt", "region_caption_gpt"]


def test_long_tracks_are_cut_and_short_ones_left(tmp_path: Path) -> None:
    frames = {str(25 * second): [tool(1), *([tool(2, 0, 1)] if second < 3 else [])] for second in range(150)}
    found = [one for one in records(folder(tmp_path, content(frames), "Testing")) if one.qa_type == "stg"]
    assert [(one.clip.start, one.clip.end, one.train) for one in found] == [
        ("0", "1225", False),
        ("1250", "2475", False),
        ("2500", "3725", False),
    ]
    assert all(one.answer is not None and one.answer.count("seconds") <= 6 for one in found)


GOOD = {str(25 * second): [tool(1)] for second in range(6)}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"150": [tool(1, instrument=7)]}, "instrument 7 is none"),
        ({"150": [tool(1, operator=9)]}, "operator 9 is none"),
        ({"150": [tool(1, box=(0.9, 0.5, 0.3, 0.1))]}, "outside the picture"),
        ({"150": [tool(1, box=(0.5, 0.5, 0.0, 0.1))]}, "an empty box"),
        ({"150": [tool(1, box=(427, 240, 85, 120))]}, "is not in 0..1"),
        ({"150": [tool(1, box=(0.1, 0.1, float("nan"), 0.1))]}, "finite number"),
        ({"150": [tool(1, box=(0.1, 0.1, 0.1))]}, "expected four numbers"),
        ({"150": [tool(1, box="all")]}, "expected a list"),
        ({"150": [tool(1), tool(1)]}, "track 1 occurs twice"),
        ({"150": [{"instrument": 2}]}, "'operator' is missing"),
        ({"150": {}}, "expected a list"),
        ({"one": [tool(1)]}, "not the number of a frame"),
        ({"00125": [tool(1)]}, "the frame occurs twice"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_is_kept(tmp_path: Path, bad: dict[str, object], said: str) -> None:
    made = content({**GOOD, **bad})
    del made["video"]["num_frames"]
    found = list(SOURCES["CholecTrack20"].records(folder(tmp_path, made)))
    (problem,) = [one for one in found if isinstance(one, Problem)]
    assert said in problem.reason
    assert problem.path.name == "VID25.json"
    assert sum(isinstance(one, BenchmarkRecord) for one in found) == 2


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({}, "'video' is missing"),
        ([], "expected an object"),
        (content(GOOD, width=0), "a picture of 0 x 480"),
        (content(GOOD, num_frames=9), "num_frames is 9, but 6"),
        (content([]), "annotations: expected an object"),
    ],
)
def test_a_bad_video_is_named(tmp_path: Path, made: object, said: str) -> None:
    problems = [one for one in SOURCES["CholecTrack20"].records(folder(tmp_path, made)) if isinstance(one, Problem)]
    assert [said in one.reason for one in problems] == [True]


def test_one_broken_file_leaves_the_other_videos(tmp_path: Path) -> None:
    folder(tmp_path, content(GOOD))
    (tmp_path / "Training" / "VID26").mkdir()
    (tmp_path / "Training" / "VID26" / "VID26.json").write_bytes(b"\xff\xfe{")
    found = list(SOURCES["CholecTrack20"].records(tmp_path))
    assert [type(one) for one in found] == [BenchmarkRecord, BenchmarkRecord, Problem]


def test_videos_whose_labels_are_not_theirs_are_left_out_by_name(tmp_path: Path) -> None:
    (problem,) = tracked_videos(folder(tmp_path, content(GOOD), "Validation", "VID30"))
    assert isinstance(problem, Problem)
    assert "issue 10" in problem.reason


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected Training/VIDxx/VIDxx\.json"):
        list(tracked_videos(tmp_path))
