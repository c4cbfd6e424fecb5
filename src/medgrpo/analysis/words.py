"""What a video-language model says of an analysed video: its own words, beside the analysis and never part of it.

Nothing here is verified, nothing is put into the timeline, the report or an alert. Clips that end where the analysis could see
nothing are asked about all the same: the model is not told what the analysis found.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from medgrpo.analysis.stop import never
from medgrpo.core import InputError, Interrupted, Span, Unparsed, VideoError, write_whole
from medgrpo.models import Failure, Model, Request
from medgrpo.tasks import TASKS, DenseCaptioning, VideoSummary
from medgrpo.video import clip_from_video

WORDS_FILE = "model_words.jsonl"
NOTICE = "The model's own words: not verified, no part of the analysis, not for clinical use."
LONGEST_CLIP_SECONDS = 120.0
_ROUNDING_SECONDS = 0.05
"""Answers are written to a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was said of a stretch of the video, or why nothing was (`text` None). `doubts`: what in it cannot be, each with its
    reason; the text stays as it came."""

    task: str
    span: Span
    text: str | None
    failure: str | None
    doubts: tuple[str, ...] = ()


def model_words(
    model: Model, video: Path, duration_seconds: float, out_dir: Path, stop: Callable[[], bool] = never
) -> tuple[Words, ...]:
    """Ask for a summary and the events of each stretch of at most two minutes, and write them to `model_words.jsonl`, whole.

    A stretch whose pictures cannot be read, and a request that fails, are kept with the reason. Interrupted when `stop` says so.
    """
    said = tuple(_asked(model, video, duration_seconds, stop))
    head = {
        "notice": NOTICE,
        "model": model.card.name,
        "backend": model.card.backend,
        "revision": model.card.revision,
        "answers": len(said),
        "without_answer": sum(one.text is None for one in said),
        "with_doubts": sum(bool(one.doubts) for one in said),
    }
    lines = [
        {
            "task": one.task,
            "start_seconds": one.span.start_seconds,
            "end_seconds": one.span.end_seconds,
            "text": one.text,
            "failure": one.failure,
            "doubts": list(one.doubts),
        }
        for one in said
    ]
    path = out_dir / WORDS_FILE
    try:
        write_whole(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [head, *lines]))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    return said


def doubts_of(task: str, text: str, clip_seconds: float) -> tuple[str, ...]:
    """What in an answer cannot be: events that nobody can read, or past the end of what was shown. Nothing is cut to fit."""
    if task != DenseCaptioning.card.name:
        return ()
    answer = DenseCaptioning().parse(text)
    if isinstance(answer, Unparsed):
        return (f"cannot be read as events: {answer.reason}",)
    return tuple(
        f"event {number}, {one.span.start_seconds:g}-{one.span.end_seconds:g} s, "
        f"{'lies' if one.span.start_seconds >= clip_seconds else 'goes on'} past the end of the {clip_seconds:.1f} s that were "
        "shown"
        for number, one in enumerate(answer.events, 1)
        if one.span.end_seconds > clip_seconds + _ROUNDING_SECONDS
    )


def _asked(model: Model, video: Path, duration_seconds: float, stop: Callable[[], bool]) -> Iterator[Words]:
    sampling = model.card.sampling
    if sampling is None:
        raise InputError(f"{model.card.name}: is shown no pictures, so that it cannot speak of a video")
    count = max(1, math.ceil(duration_seconds / LONGEST_CLIP_SECONDS))
    questions = {VideoSummary.card.name: VideoSummary().prompt(""), DenseCaptioning.card.name: DenseCaptioning().prompt("")}
    for number in range(count):
        span = Span(duration_seconds * number / count, duration_seconds * (number + 1) / count)
        if stop():
            raise Interrupted(
                f"{video.name}: stopped while the model was being asked; the analysis is whole, give the command again"
            )
        try:
            clip = clip_from_video(video, span, sampling.frames_per_second or 1.0, sampling)
        except VideoError as error:
            yield from (Words(task, span, None, str(error)) for task in questions)
            continue
        requests = [
            Request(f"{task} {number}", question, clip, TASKS[task].card.answer_tokens) for task, question in questions.items()
        ]
        for task, result in zip(questions, asyncio.run(model.generate(requests)), strict=True):
            if isinstance(result, Failure):
                yield Words(task, span, None, result.reason)
            else:
                yield Words(task, span, result.text, None, doubts_of(task, result.text, span.duration_seconds))
