"""Replies as models write them: an answer where there is one and only one reading, else why not."""

import pytest

from medgrpo.core import Span, Unparsed
from medgrpo.tasks import TASKS, Caption, CriticalViewAnswer, PixelBox, TemporalAnswer, TrackAnswer

TEMPORAL, TRACK, DENSE = TASKS["temporal_grounding"], TASKS["spatiotemporal_grounding"], TASKS["dense_captioning"]
NEXT, GRADES, SKILL = TASKS["next_action"], TASKS["critical_view"], TASKS["skill_assessment"]


@pytest.mark.parametrize(
    ("reply", "spans"),
    [
        ("22.0-78.0, 89.0-94.0 seconds.", [(22, 78), (89, 94)]),
        ("22.0–78.0 s and 89 — 94 s", [(22, 78), (89, 94)]),
        ("The action happens from 3.1 to 8.8 seconds.", [(3.1, 8.8)]),
        ("between 5 and 9 seconds", [(5, 9)]),
        ("00:00:05 to 00:01:20", [(5, 80)]),
        ("**Answer:** 0:05-1:20", [(5, 80)]),
        ("1. 5-9 seconds\n2. 20-31 seconds", [(5, 9), (20, 31)]),
        ("[[5, 9], [20.5, 31]]", [(5, 9), (20.5, 31)]),
        ('```json\n{"spans": [{"start": 5, "end": 9}]}\n```', [(5, 9)]),
        ("٥-٩", [(5, 9)]),
        ("５－９秒", None),
        ("612-612", [(612, 612)]),
    ],
)
def test_spans(reply, spans):
    answer = TEMPORAL.parse(reply)
    if spans is None:
        assert isinstance(answer, Unparsed)
    else:
        assert answer == TemporalAnswer(tuple(Span(start, end) for start, end in spans))


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "empty"),
        ("about two minutes in", "no start-end pair"),
        ("CholecT50-12 from 5 to 9", "belongs to no span"),
        ("22.0-78.0, 89.0-", "the number 89.0 belongs to no span"),
        ("10-20-30", "no start-end pair"),
        ("-5-10", "no start-end pair"),
        ("1,200-1,300", "no start-end pair"),
        ("2-3 minutes", "unit other than seconds"),
        ("frames 5-10 or 20-30", "hedges"),
        ("it does not happen at 5-10", "hedges"),
        ("50-12", "its end lies before"),
        ("5 to 0:20", "mixes seconds with a clock"),
        ("[[5, 9, 11]]", "JSON"),
        ("[" * 5000 + "]" * 5000, ""),
        ("9" * 120_000, "too long"),
        ("1" * 400 + "-" + "2" * 400, "not finite"),
    ],
)
def test_no_spans(reply, reason):
    answer = TEMPORAL.parse(reply)
    assert isinstance(answer, Unparsed)
    assert reason in answer.reason


def test_boxes():
    box = PixelBox(235.08, 261.2, 561.58, 1005.62)
    read = TRACK.parse("1.0 seconds: [235.08, 261.2, 561.58, 1005.62] 5.0 seconds: [1, 2, 3, 4]")
    assert read == TrackAnswer(((1.0, box), (5.0, PixelBox(1, 2, 3, 4))))
    assert TRACK.parse('{"1.0": [235.08, 261.2, 561.58, 1005.62]}') == TrackAnswer(((1.0, box),))
    for reply in ("1.0 seconds: [1, 2, 3", "[1, 2, 3, 4]", "1.0 seconds: [3, 2, 1, 4]", "1 s: [1,2,3,4] 1.0 s: [1,2,3,4]", "None"):
        assert isinstance(TRACK.parse(reply), Unparsed), reply


def test_events():
    read = DENSE.parse("Here is the list:\n- 0-10 seconds: cuts, then\n  ties\n- 10.5–20 s - checks 3 needles")
    assert [(event.span, event.caption) for event in read.events] == [
        (Span(0, 10), "cuts, then ties"),
        (Span(10.5, 20), "checks 3 needles"),
    ]
    for reply in (
        "0-10 seconds: a 10-20 seconds: b",
        "0-10 seconds:",
        "0-10 seconds: a\n10-",
        "20-10 seconds: a",
        "nothing happens",
    ):
        assert isinstance(DENSE.parse(reply), Unparsed), reply


def test_labels():
    assert NEXT.parse("Answer: **tying**.").label == "tying"
    assert NEXT.score(NEXT.parse("Gallbladder Packaging"), NEXT.reference([], "gallbladder-packaging")).value == 1
    assert NEXT.score(NEXT.parse("hold flap with forceps"), NEXT.reference([], "stabilize flap with forceps")).value == 1
    assert NEXT.score(NEXT.parse("cutting, tying"), NEXT.reference([], "tying")).value == 0
    for reply in ("", "...", "cutting\ntying", "a" * 200):
        assert isinstance(NEXT.parse(reply), Unparsed)


def test_grades():
    assert GRADES.parse("Scores:\n1. Two structures: 2\n2. Cystic plate - 1") == CriticalViewAnswer(
        {"Two structures": 2, "Cystic plate": 1}
    )
    assert GRADES.parse('{"two_structures": 0}') == CriticalViewAnswer({"Two structures": 0})
    assert SKILL.parse("**Respect for tissue:** 4/5; Time and motion: 2 out of 5").grades == {
        "Respect for tissue": 4,
        "Time and motion": 2,
    }
    for reply in ("Two structures: 3", "Two structures: 2, Two structures: 1", "Fat: 2", "2/1/0", "Two structures: two", ""):
        assert isinstance(GRADES.parse(reply), Unparsed), reply
    for reply in ("Respect for tissue: 4", "Respect for tissue: 4.5/5", "Respect for tissue: 0/5", "Respect for tissue: 4/50"):
        assert isinstance(SKILL.parse(reply), Unparsed), reply


def test_captions():
    task = TASKS["video_summary"]
    assert task.parse("  The hook\n dissects. ") == Caption("The hook dissects.")
    assert task.score(task.parse(" . "), Caption("x")).value == 0
    assert task.score(Caption("y"), Caption("x")).value is None
