"""What a model says of an analysed video: asked in stretches, kept apart and marked, failures kept with their reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from medgrpo.analysis import WORDS_FILE, WORDS_NOTICE, model_words
from medgrpo.core import InputError, Interrupted
from medgrpo.models import Completion, Failure, ModelCard, Request
from medgrpo.video import Sampling, VideoWriter


class _Talker:
    """Answers with the clip's length; fails on events."""

    def __init__(self, sampling: Sampling | None) -> None:
        self.card = ModelCard(name="talker", backend="test", revision="1", sampling=sampling)

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Completion | Failure:
        assert request.clip is not None
        if request.key.startswith("dense"):
            return Failure("too long", lasting=True)
        return Completion(f"{len(request.clip.images)} pictures", "stop", 1, 1, 0.0)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    with VideoWriter(tmp_path / "v.mp4", 64, 48, 1) as writer:
        for number in range(130):
            writer.write(np.full((48, 64, 3), number, np.uint8))
    return tmp_path / "v.mp4"


def test_two_stretches_are_asked_and_kept_apart(video: Path, tmp_path: Path) -> None:
    said = model_words(_Talker(Sampling(most_frames=10)), video, 130.0, tmp_path)
    assert [(one.task, one.span.start_seconds, one.text, one.failure) for one in said] == [
        ("video_summary", 0.0, "10 pictures", None),
        ("dense_captioning", 0.0, None, "too long"),
        ("video_summary", 65.0, "10 pictures", None),
        ("dense_captioning", 65.0, None, "too long"),
    ]
    head, *lines = [json.loads(line) for line in (tmp_path / WORDS_FILE).read_text().splitlines()]
    assert head == {
        "notice": WORDS_NOTICE, "model": "talker", "backend": "test", "revision": "1",
        "answers": 4, "without_answer": 2, "with_doubts": 0,
    }  # fmt: skip
    assert lines[1] == {
        "task": "dense_captioning", "start_seconds": 0.0, "end_seconds": 65.0, "text": None, "failure": "too long",
        "doubts": [],
    }  # fmt: skip


def test_a_stretch_without_pictures_is_said_to_be_one(video: Path, tmp_path: Path) -> None:
    said = model_words(_Talker(Sampling(most_frames=10)), video, 230.0, tmp_path)
    assert [one.text is None for one in said] == [False, True, True, True]
    assert "the clip goes on to" in (said[2].failure or "")


def test_refused(video: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="shown no pictures"):
        model_words(_Talker(None), video, 10.0, tmp_path)
    with pytest.raises(Interrupted):
        model_words(_Talker(Sampling()), video, 10.0, tmp_path, lambda: True)
    assert not (tmp_path / WORDS_FILE).exists()


class _Dreamer(_Talker):
    """Tells of events, some of them after what it was shown."""

    def _one(self, request: Request) -> Completion | Failure:
        events = "1.0-65.0 seconds: a needle is grasped\n60.0-80.5 seconds: it is driven\n90.0-95.0 seconds: it is pulled"
        text = events if request.key == "dense_captioning 0" else "1.0-80.0 seconds: all at once"
        return Completion("none" if request.key == "dense_captioning 1" else text, "stop", 1, 1, 0.0)


def test_events_past_the_end_of_what_was_shown_are_marked_counted_and_kept(video: Path, tmp_path: Path) -> None:
    said = model_words(_Dreamer(Sampling(most_frames=10)), video, 130.0, tmp_path)
    assert [one.doubts for one in said] == [
        (),  # a summary is not read for times
        (
            "event 2, 60-80.5 s, goes on past the end of the 65.0 s that were shown",
            "event 3, 90-95 s, lies past the end of the 65.0 s that were shown",
        ),
        (),
        ("cannot be read as events: no event",),
    ]
    head, *lines = [json.loads(line) for line in (tmp_path / WORDS_FILE).read_text().splitlines()]
    assert (head["answers"], head["without_answer"], head["with_doubts"]) == (4, 0, 2)
    assert "60.0-80.5 seconds: it is driven" in lines[1]["text"]
    assert len(lines[1]["doubts"]) == 2
