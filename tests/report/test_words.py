"""Pieces of plain English, by example."""

import pytest

from medgrpo.core import Span, length
from medgrpo.reasoning import Event, EventKind, Evidence
from medgrpo.report.words import (
    action_words,
    between,
    confidence_words,
    counted,
    event_words,
    joined,
    share,
    subject,
    times,
)

EVIDENCE = Evidence((1.0,), 1.0, "model", 0.9)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (562, "9 min 22 s"), (3599.6, "1 h"), (3720, "1 h 02 min"), (10800, "3 h")],
)
def test_length(seconds: float, words: str) -> None:
    assert length(seconds) == words


def test_joined_and_times() -> None:
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [times(count) for count in (1, 2, 3)] == ["once", "twice", "3 times"]


def test_one_of_a_thing_is_no_plural() -> None:
    assert [counted(count, "key frame") for count in (0, 1, 2)] == ["0 key frames", "1 key frame", "2 key frames"]
    assert [counted(count, "more time") for count in (1, 3)] == ["1 more time", "3 more times"]
    assert [counted(count, "stretch", "stretches") for count in (1, 2)] == ["1 stretch", "2 stretches"]


def test_a_channel_never_assessed_is_not_negated_twice() -> None:
    assert subject("critical view of safety not documented") == "critical view of safety"
    assert subject("dissection in the dangerous zone") == "dissection in the dangerous zone"


def test_between_says_one_time_where_both_read_the_same() -> None:
    assert between(130.0, 155.9) == "02:10–02:35"
    assert between(130.0, 130.9) == "02:10"


@pytest.mark.parametrize(
    ("confidence", "words"), [(0.9, "high"), (0.89, "moderate"), (0.7, "moderate"), (0.5, "low"), (0.49, "very low")]
)
def test_confidence_words(confidence: float, words: str) -> None:
    assert confidence_words(confidence) == f"{words} confidence"


def test_actions_and_events() -> None:
    assert action_words("hook,dissect,cystic_plate") == "hook, dissect cystic plate"
    assert action_words("grasper,null_verb,null_target") == "grasper in view, no action"
    assert event_words(Event(EventKind.CLIP_APPLIED, Span(0, 1), "cystic_duct", EVIDENCE)) == "Clip applied: cystic duct"
    assert event_words(Event(EventKind.BAG_USED, Span(0, 1), "specimen_bag", EVIDENCE)) == "Specimen bag used"
    assert event_words(Event(EventKind.BLEEDING_SEEN, Span(0, 1), None, EVIDENCE)) == "Bleeding seen"


def test_share_of_nothing() -> None:
    assert (share(3.0, 4.0), share(0.0, 0.0)) == (0.75, 0.0)
