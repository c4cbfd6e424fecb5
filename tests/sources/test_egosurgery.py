"""EgoSurgery on made files in the published layout."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import DataError
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source
from medgrpo.sources.egosurgery import Session, sessions

TOOLS = [{"id": 6, "name": "Needle Holders"}, {"id": 9, "name": "Scalpel"}]
HANDS = [{"id": 1, "name": "Own hands left"}, {"id": 2, "name": "Own hands right"}]


def coco(images: int, boxes: list[tuple[int, int, object]], categories: list[dict[str, Any]]) -> dict[str, Any]:
    """`boxes`: (image id, category id, bbox); annotation ids all alike, as in the data set they collide."""
    return {
        "images": [
            {"id": number, "file_name": f"01_1_{number:04d}.jpg", "width": 1920, "height": 1080} for number in range(1, images + 1)
        ],
        "annotations": [{"id": 1, "image_id": image, "category_id": kind, "bbox": box} for image, kind, box in boxes],
        "categories": categories,
    }


def folder(path: Path, phases: str = "", tools: object = None, hands: object = None) -> Path:
    path.mkdir(exist_ok=True)
    if phases:
        (path / "phase").mkdir()
        (path / "phase" / "01_1.csv").write_text(f"Frame,Phase\n{phases}", encoding="utf-8")
    for kind, made in (("tool", tools), ("hand", hands)):
        if made is not None:
            (path / "by_split" / kind).mkdir(parents=True)
            (path / "by_split" / kind / "train.json").write_text(json.dumps(made), encoding="utf-8")
    return path


def rows(*runs: tuple[str, int]) -> str:
    names = [phase for phase, count in runs for _ in range(count)]
    return "".join(f"01_1_{number:04d},{phase}\n" for number, phase in enumerate(names, 1))


SCALPEL = [960.0, 540.0, 100.0, 50.0]


def test_phases_by_hand(tmp_path: Path) -> None:
    tools = coco(20, [(number, 9, SCALPEL) for number in range(11, 21)], TOOLS)
    found = list(check_source("EgoSurgery", folder(tmp_path / "a", rows(("design", 10), ("incision", 10)), tools)))
    records = [one for one in found if isinstance(one, BenchmarkRecord)]
    assert len(records) == len(found)
    assert [(one.qa_type, one.answer) for one in records[:4]] == [
        ("tal", "0.0-20.0 seconds."),
        ("tal", "20.0-40.0 seconds."),
        ("next_action", "incision"),
        (
            "dense_captioning_gpt",
            "0.0-20.0 seconds: The operation is in the phase of design.\n"
            "20.0-40.0 seconds: The operation is in the phase of incision; in view: a scalpel.",
        ),
    ]
    assert (records[2].clip.start, records[2].clip.end, records[2].frame_numbers) == ("1", "10", tuple(range(1, 11)))
    assert records[0].frames[0] == "01_1_0001.jpg"
    stg, caption = records[4:]
    assert stg.answer == " ".join(f"{time}.0 seconds: [960, 540, 1060, 590]" for time in (0, 4, 8, 12, 16))
    assert (stg.clip.start, stg.clip.end) == ("11", "20")
    assert caption.answer == "The scalpel stays in the centre of the picture."
    assert caption.region is not None
    assert caption.region.frame == "01_1_0011.jpg"


def test_only_what_is_alone_of_its_kind_is_followed(tmp_path: Path) -> None:
    left = [(number, 1, [10, 10, 50, 50]) for number in range(1, 6)]
    two = [(number, kind, [x, 500, 50, 50]) for number in range(1, 6) for kind, x in ((2, 100), (2, 900))]
    found = list(check_source("EgoSurgery", folder(tmp_path / "a", hands=coco(5, [*left, *two], HANDS))))
    assert [one.qa_type for one in found if isinstance(one, BenchmarkRecord)] == ["stg", "region_caption_gpt"]
    assert isinstance(found[0], BenchmarkRecord)
    assert isinstance(found[0].struc_info, list)
    assert found[0].struc_info[0]["object"] == "left hand of the camera's wearer"


def test_the_official_split_is_by_video(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", rows(("design", 12)) + "04_1_0001,design\n" * 1)
    assert {one.id: one.train for one in sessions(path) if isinstance(one, Session)} == {"01_1": True, "04_1": False}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("01_1_0005,sewing", "phase 'sewing' is none of"),
        ("01_1_0001,design", "frame 01_1_0001 occurs twice"),
        ("one,design", "is not VIDEO_SESSION_NUMBER"),
        ("01_1_0005", "not as many values"),
        (",", "is not VIDEO_SESSION_NUMBER"),
    ],
)
def test_a_bad_row_is_named_by_line(tmp_path: Path, row: str, said: str) -> None:
    found = list(sessions(folder(tmp_path / "a", rows(("design", 2)) + f"{row}\n01_1_0004,incision\n")))
    (problem,) = [one for one in found if isinstance(one, Problem)]
    assert (problem.path.name, problem.place) == ("01_1.csv", "line 4")
    assert said in problem.reason
    assert [list(one.phases) for one in found if isinstance(one, Session)] == [[1, 2, 4]]


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((1, 9, [1900, 540, 100, 50]), "outside the picture"),
        ((1, 9, [-5, 540, 100, 50]), "outside the picture"),
        ((1, 9, [10, 10, -4, 50]), "an empty box"),
        ((1, 9, [10, 10, float("nan"), 50]), "finite number"),
        ((1, 9, [10, 10, 50]), "expected four numbers"),
        ((1, 9, None), "expected a list"),
        ((1, 40, SCALPEL), "category_id 40 is no known category"),
        ((9, 9, SCALPEL), "image_id 9 is no image"),
        ((2, 9, SCALPEL), "the same box twice"),
    ],
)
def test_a_bad_box_is_named_by_its_place(tmp_path: Path, box: tuple[int, int, object], said: str) -> None:
    made = coco(3, [(2, 9, SCALPEL), box, (3, 9, SCALPEL)], TOOLS)
    found = list(sessions(folder(tmp_path / "a", tools=made)))
    (problem,) = [one for one in found if isinstance(one, Problem)]
    assert problem.place == "annotation 2"
    assert said in problem.reason
    (session,) = [one for one in found if isinstance(one, Session)]
    assert Counter(len(picture.things) for picture in session.pictures.values()) == {0: 1, 1: 2}


def test_bad_images_and_bad_files_are_named(tmp_path: Path) -> None:
    made = coco(3, [], TOOLS)
    made["images"][1]["file_name"] = "other.jpg"
    made["images"][2]["width"] = 0
    path = folder(tmp_path / "a", rows(("design", 1)), tools=made, hands={"images": []})
    (path / "phase" / "02_1.csv").write_text("a,b\n", encoding="utf-8")
    (path / "by_split" / "tool" / "val.json").write_bytes(b"\xff{")
    said = [str(one) for one in SOURCES["EgoSurgery"].records(path) if isinstance(one, Problem)]
    assert len(said) == 5
    assert [word for word in ("image 2", "image 3", "no column 'Frame'", "'categories' is missing", "not a COCO file") if
            not any(word in one for one in said)] == []  # fmt: skip


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Frame,Phase"):
        list(sessions(tmp_path))
