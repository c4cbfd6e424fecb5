"""CoPESD: its sentences read into motions, boxes and directions; made files by hand, and the real part where it is at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import DataError
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source
from medgrpo.sources.copesd import CopesdVideo, copesd_videos, direction_of, motion_of
from medgrpo.tasks import PixelBox

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "copesd"
FORCEPS = "Retract it with the Forceps."
KNIFE = "Dissect it with the Knife."
ANSWER = "Hold with the Forceps[0.10, 0.20, 0.30, 0.40] and cut upward with the Knife[0.50, 0.20, 0.80, 0.60]."


def entry(number: int, instruction: str = KNIFE, answer: str = ANSWER, video: str = "0001") -> dict[str, Any]:
    turns = [{"from": "human", "value": instruction}, {"from": "gpt", "value": answer}]
    return {"conversations": turns, "image": f"D:/x/high_light_images/{video}/{number:04d}.jpg"}


def folder(path: Path, entries: object) -> Path:
    (path / "smllm_test.json").write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_questions_by_hand(tmp_path: Path) -> None:
    entries = [entry(number, FORCEPS if number <= 10 else KNIFE) for number in range(1, 31)]
    found = list(check_source("CoPESD", folder(tmp_path, entries)))
    records = [one for one in found if isinstance(one, BenchmarkRecord)]
    assert len(records) == len(found)
    assert [(one.qa_type, one.answer) for one in records] == [
        ("tal", "0.0-10.0 seconds."),
        ("tal", "10.0-30.0 seconds."),
        ("next_action", "dissect flap tissue with knife"),
        (
            "dense_captioning_gpt",
            "0.0-10.0 seconds: The forceps retract the edge of the flap, upward.\n"
            "10.0-30.0 seconds: The knife dissects the tissue of the flap, upward.",
        ),
        (
            "video_summary_gpt",
            "The clip shows an endoscopic submucosal dissection. The forceps retract the edge of the flap (for 10 s of 30 s); "
            "the knife dissects the tissue of the flap (for 20 s of 30 s).",
        ),
        ("stg", " ".join(f"{time}.0 seconds: [100, 200, 300, 400]" for time in (0, 6, 12, 18, 24))),
        ("stg", " ".join(f"{time}.0 seconds: [500, 200, 800, 600]" for time in (0, 6, 12, 18, 24))),
    ]
    clip = records[2]
    assert (clip.clip.form, clip.clip.start, clip.clip.end) == ("input_video_frame", "1", "10")
    assert clip.frames[0] == "high_light_images/0001/0001.jpg"
    assert clip.frame_numbers == tuple(range(1, 11))


def test_a_missing_image_breaks_the_clip(tmp_path: Path) -> None:
    found = list(SOURCES["CoPESD"].records(folder(tmp_path, [entry(number) for number in (1, 2, 3, 7, 8)])))
    assert [(one.clip.start, one.clip.end) for one in found if isinstance(one, BenchmarkRecord)] == [("1", "3"), ("7", "8")]


@pytest.mark.parametrize(
    ("instruction", "motion"),
    [
        ("Refine the camera angle.", "adjust camera"),
        ("With the Knife, commence the dissection of the mucosa flap.", "dissect flap tissue with knife"),
        ("Use the Forceps to grasp the mucosal flap.", "stabilize flap with forceps"),
        ("Use the Forceps to pull back the mucosa flap.", "retract flap edge with forceps only"),
        ("With the assistance of the Knife, lift the mucosa flap using the Forceps.", "retract flap edge with forceps and knife"),
    ],
)
def test_instructions_are_motions(instruction: str, motion: str) -> None:
    assert motion_of(instruction) == motion


def test_directions() -> None:
    assert direction_of("conduct the upper right dissection of the flap") == "to the upper right"
    assert direction_of("Hoist the flap in an upward direction") == "upward"
    assert direction_of("dissect to the left using the Knife") == "to the left"
    assert direction_of("Rotate the Forceps") == ""


def test_a_folder_of_sizes_is_read_as_such(tmp_path: Path) -> None:
    sized = [entry(number, answer="Lift with the Forceps[0.60, 0.50, 0.30, 0.25].", video="0002") for number in (1, 2)]
    problem, video = copesd_videos(folder(tmp_path, sized))
    assert isinstance(problem, Problem)
    assert "x, y, width, height" in problem.reason
    assert isinstance(video, CopesdVideo)
    assert video.images[0].boxes == {"Forceps": PixelBox(600, 500, 900, 750)}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (entry(2, instruction="Wait."), "names no known motion"),
        (entry(1), "image 1 of 0001 occurs twice"),
        (entry(2, answer="Hold the Forceps[0.1, 0.2, 0.3]."), "not four numbers"),
        (entry(2, answer="Hold the Forceps[0.1, 0.2, nan, 0.4]."), "not four numbers"),
        (entry(2, answer="Hold the Forceps[0.1, 0.2, 1.5, 0.4]."), "in 0..1"),
        (entry(2, answer="Hold the Forceps[0.1, x, 0.3, 0.4]."), "is no box"),
        (entry(2, answer="Forceps[0.1, 0.1, 0.3, 0.4] Forceps[0.1, 0.1, 0.3, 0.4]"), "two boxes"),
        (entry(2, answer="Forceps[0.9, 0.9, 0.3, 0.4]"), "corners out of order"),
        ({**entry(2), "image": "0002.jpg"}, "does not end in a folder"),
        ({**entry(2), "image": 7}, "expected text"),
        ({"image": "a/b/0002.jpg"}, "'conversations' is missing"),
        ({**entry(2), "conversations": [{"from": "human", "value": KNIFE}]}, "'gpt' is missing"),
        ([], "expected an object"),
    ],
)
def test_a_bad_entry_is_named_and_the_rest_is_read(tmp_path: Path, bad: object, said: str) -> None:
    found = list(copesd_videos(folder(tmp_path, [entry(1), bad, entry(3)])))
    (problem,) = [one for one in found if isinstance(one, Problem)]
    assert problem.place == "entry 2"
    assert said in problem.reason
    assert {image.number for one in found if isinstance(one, CopesdVideo) for image in one.images} >= {1, 3}


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"\xff\xfe[]", b"[" * 100_000])
def test_a_file_that_is_none_is_one_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "smllm_test.json").write_bytes(content)
    with pytest.raises(DataError, match=r"smllm_test\.json"):
        list(copesd_videos(tmp_path))
    (problem,) = check_source("CoPESD", tmp_path)
    assert isinstance(problem, Problem)


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected smllm_test\.json"):
        list(SOURCES["CoPESD"].records(tmp_path))


@pytest.mark.skipif(not DATA.is_dir(), reason="CoPESD's annotation is not beside the repository")
def test_the_real_part_reads_whole() -> None:
    found = list(copesd_videos(DATA))
    videos = [one for one in found if isinstance(one, CopesdVideo)]
    assert [(video.id, len(video.images)) for video in videos] == [("023521", 1049), ("233029", 518), ("232521", 220)]
    assert [str(one) for one in found if isinstance(one, Problem)] == [
        f"{DATA / 'smllm_test.json'}: 233029: boxes are x, y, width, height here, not corners: read as such"
    ]
    assert sum(len(image.boxes) for video in videos for image in video.images) == 3456
    motions = Counter(image.motion for video in videos for image in video.images)
    assert motions == {
        "dissect flap tissue with knife": 1064,
        "retract flap edge with forceps only": 433,
        "retract flap edge with forceps and knife": 251,
        "stabilize flap with forceps": 31,
        "adjust camera": 8,
    }
