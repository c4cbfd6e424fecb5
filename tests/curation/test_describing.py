"""Two models describe, each without the other; what they agree on is kept, and everything is counted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medgrpo.core import Box, Span, Unparsed
from medgrpo.curation import Built, Order, Recipe, Writers, build
from medgrpo.curation.agreement import Agreement
from medgrpo.curation.describing import guided
from medgrpo.curation.guided import GuidedFrame, GuidedPrompt, Happening, read_sentences
from medgrpo.curation.lettering import HEIGHT, fitting, write
from medgrpo.models import Failure, Request, ScriptedModel
from medgrpo.sources import MEDVIDBENCH, BenchmarkRecord, ClipBounds, Problem, Region, check_source, read_medvidbench
from medgrpo.tasks import PixelBox
from medgrpo.video import encode_jpeg


class Words:
    """Sentences as bags of hashed words: alike where they share words."""

    name = "words"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 256), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[hashlib.sha256(word.encode()).digest()[0]] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def cholect50(tmp_path: Path) -> Path:
    """One made video: the hook dissects for 30 seconds, then a phase without an action for 30 more; 64 x 48 pictures."""
    root = tmp_path / "cholect50"
    (root / "labels").mkdir(parents=True)
    (root / "videos" / "VID02").mkdir(parents=True)
    act = [60, 2, 1.0, 0.25, 0.25, 0.5, 0.5, 2, 0, 1.0, -1.0, -1.0, -1.0, -1.0]
    none = [-1] * 14
    annotations: dict[str, list[list[float]]] = {}
    for second in range(60):
        annotations[str(second)] = [[*(act if 10 <= second < 40 else none), 1 if second < 40 else 2]]
        picture = np.full((48, 64, 3), 40 + second, np.uint8)
        (root / "videos" / "VID02" / f"{second:06d}.jpg").write_bytes(encode_jpeg(picture))
    (root / "labels" / "VID02.json").write_text(json.dumps({"annotations": annotations}), encoding="utf-8")
    return root


def _reply(request: Request, ending: str) -> str:
    lines = request.prompt.splitlines()
    wanted = [line for line in lines if line[:1].isdigit()]
    if not wanted:
        return f"The hook dissects the gallbladder {ending}."
    return "\n".join(f"{line.partition('.')[0]}: the hook dissects tissue {ending}" for line in wanted)


def _build(folder: Path, out: Path, first: Callable[[Request], str | Failure], second: Callable[[Request], str | Failure]) -> Built:
    recipe = Recipe(median_seconds=1000)  # one clip
    models = (ScriptedModel(first, "one"), ScriptedModel(second, "two"))
    return build(Order({"CholecT50": folder}, out, recipe, writers=Writers(models, Words())))


def _questions(out: Path) -> list[BenchmarkRecord]:
    held: list[BenchmarkRecord] = []
    for name in ("train_large", "test"):
        path = out / f"{name}.jsonl"
        assert not [found for found in check_source(MEDVIDBENCH, path) if isinstance(found, Problem)]
        held += [found for found in read_medvidbench(path) if isinstance(found, BenchmarkRecord)]
    return held


def test_both_variants_stand_where_the_template_was(cholect50: Path, tmp_path: Path) -> None:
    built = _build(cholect50, tmp_path / "out", lambda one: _reply(one, "slowly"), lambda one: _reply(one, "quickly"))
    described = [one for one in _questions(tmp_path / "out") if one.author]
    kinds = sorted((one.qa_type, one.author) for one in described)
    assert kinds == [
        ("dense_captioning_gemini", "two"), ("dense_captioning_gpt", "one"),
        ("video_summary_gemini", "two"), ("video_summary_gpt", "one"),
    ]  # fmt: skip
    dense = next(one for one in described if one.qa_type == "dense_captioning_gpt")
    assert dense.answer == "10.0-40.0 seconds: the hook dissects tissue slowly"
    assert dense.frames[0].startswith("CholecT50/videos/VID02/")
    agreement = built.agreement
    assert agreement is not None
    assert (agreement.pairs, agreement.embedder) == (2, "words")
    assert agreement.mean["dense_captioning"] == pytest.approx(4 / 5)  # four words of five
    page = (tmp_path / "out" / "review.html").read_text(encoding="utf-8")
    assert page.count("<article") == 2
    assert "http" not in page
    assert "threshold" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_the_models_do_not_agree_on_is_dropped_and_counted(cholect50: Path, tmp_path: Path) -> None:
    def other(request: Request) -> str:
        return "1: nothing" if "1." in request.prompt else "No"

    built = _build(cholect50, tmp_path / "out", lambda one: _reply(one, "slowly"), other)
    assert not [one for one in _questions(tmp_path / "out") if one.author]
    agree = next(one for one in built.stages if one.stage == "agree")
    assert (agree.taken, agree.kept, agree.dropped) == (2, 0, {"the captions' similarity is under 0.3": 2})


def test_replies_are_asked_for_once_and_a_failed_call_again(cholect50: Path, tmp_path: Path) -> None:
    calls: list[str] = []
    broken = True

    def first(request: Request) -> str | Failure:
        calls.append(request.key)
        return Failure("overloaded", lasting=False) if broken and "paragraph" in request.prompt else _reply(request, "slowly")

    def second(request: Request) -> str | Failure:
        return _reply(request, "slowly")

    built = _build(cholect50, tmp_path / "out", first, second)
    describe = next(one for one in built.stages if one.stage == "describe")
    assert describe.dropped == {"a reply that cannot be used: no reply (the call failed; the next run asks again)": 1}
    broken = False
    with (tmp_path / "out" / ".work" / "replies" / "CholecT50.a.jsonl").open("ab") as stream:
        stream.write(b'{"key": "torn')
    assert len(_questions(tmp_path / "out")) < len(_questions_again(cholect50, tmp_path, first, second))
    assert len(calls) == 3
    assert len(set(calls)) == 2
    before = _bytes(tmp_path / "out")
    _build(cholect50, tmp_path / "out", first, second)
    assert len(calls) == 3
    assert _bytes(tmp_path / "out") == before


def _bytes(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def _questions_again(folder: Path, tmp_path: Path, *models: Callable[[Request], str | Failure]) -> list[BenchmarkRecord]:
    _build(folder, tmp_path / "out", *models)
    return _questions(tmp_path / "out")


def test_a_reply_that_cannot_be_read_is_counted(cholect50: Path, tmp_path: Path) -> None:
    built = _build(cholect50, tmp_path / "out", lambda one: _reply(one, "slowly"), lambda one: "Certainly! Here you are.")
    describe = next(one for one in built.stages if one.stage == "describe")
    assert describe.dropped == {"a reply that cannot be used: a line without number": 1}


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("1: cuts\n2: ties", ("cuts", "ties")),
        ("2. ties  it\n\n**1.** cuts", ("cuts", "ties it")),
        ("1: cuts", "1 of 2 sentences"),
        ("1: cuts\n1: ties", "the number 1 is there twice"),
        ("1: cuts\n3: ties", "the number 3 is none of those asked for"),
        ("1: cuts\nand more\n2: ties", "a line without number: 'and more'"),
        ("1: cuts\n2: 4", "no sentence for 2"),
        ("", "0 of 2 sentences"),
    ],
)
def test_numbered_sentences(reply: str, found: tuple[str, ...] | str) -> None:
    read = read_sentences(reply, 2)
    assert (read.reason if isinstance(read, Unparsed) else read) == found


def test_a_prompt_tells_frames_times_and_events() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    frames = (
        GuidedFrame(picture, 0.0, ("phase: preparation",)),
        GuidedFrame(picture, 10.0, (), (("hook dissect", Box(0.25, 0.25, 0.75, 0.75)),)),
        GuidedFrame(picture, 15.0),
    )
    prompt = GuidedPrompt("CholecT50", 20.0, frames, "Describe.", "", (Happening(Span(5.0, 20.0), "the hook dissects"),))
    lines = prompt.text.splitlines()
    assert "<Frame_1>,time 0.00: phase: preparation" in lines
    assert "<Frame_2>,time 0.50: hook dissect" in lines
    assert "<Frame_3>,time 0.75: nothing annotated" in lines
    assert "1. from 0.25 to 1.00: the hook dissects" in lines
    assert any(line.startswith("Focus on the dynamics") for line in lines)
    clip = prompt.pictures()
    assert clip.seconds == (0.0, 10.0, 15.0)
    second = clip.images[1]
    height, width = second.shape[:2]
    assert second[height // 2, round(width * 0.25) + 1].tolist() == [0, 255, 0]
    assert second[height // 2, width // 2].tolist() == [0, 0, 0]
    assert (clip.images[0][:HEIGHT, :60] == 255).any()  # its number, in the upper left corner
    assert not (clip.images[2][height // 2] > 0).any()


def test_letters_are_drawn_as_dots() -> None:
    picture = np.full((20, 40, 3), 90, np.uint8)
    write(picture, "i", 4, 3, 1)
    ink = (picture == 255).all(axis=2)
    assert ink.sum() == 7 + 2 * 2  # the stem of the I and its four serifs
    assert ink[5:12, 8].all()
    assert (picture[3:14, 4:13] != 90).all()
    assert (picture[:3] == 90).all()
    assert fitting("a long word", 5 * 6 + 3, 1) == "a l.."
    write(picture, "word", 1000, 1000, 1)  # moved inside
    write(picture, "too tall", 0, 0, 9)  # no room at all: nothing happens


def test_the_curve_of_the_filter_by_hand() -> None:
    agreement = Agreement.of(0.3, "words", {"a": [0.2, 0.4], "b": [0.31, 0.9]})
    kept = dict(agreement.curve)
    assert (kept[0.0], kept[0.2], kept[0.3], kept[0.4], kept[0.9], kept[0.95]) == (1.0, 1.0, 0.75, 0.5, 0.25, 0.0)
    assert agreement.mean == {"a": 0.3, "b": 0.605}


def test_the_box_of_a_region_caption_is_on_its_frame(tmp_path: Path) -> None:
    names = [f"{number}.jpg" for number in range(30)]
    for name in names:
        (tmp_path / name).write_bytes(encode_jpeg(np.zeros((100, 200, 3), np.uint8)))
    record = BenchmarkRecord(
        0, "a", "region_caption_gpt", "CholecTrack20", False, tuple(names), tuple(range(100, 850, 25)), "VID01",
        ClipBounds("input_video_frame", "100", "850"), Fraction(1), "What?", "The hook moves.",
        Region("7.jpg", PixelBox(20, 10, 100, 50)), None, "template",
    )  # fmt: skip
    prompt = guided(Recipe(caption_frames=4), tmp_path, record, [record], {})
    assert prompt.clip_seconds == 30.0  # 30 frames at one a second, whatever their numbers are
    marked = [frame for frame in prompt.frames if frame.boxes]
    assert [(frame.seconds, frame.boxes) for frame in marked] == [(7.0, (("object", Box(0.1, 0.1, 0.5, 0.5)),))]
    assert prompt.expert_text == "The hook moves."
