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
from medgrpo.core import InputError, Interrupted, Span, VideoError
from medgrpo.models import Failure, Model, Request
from medgrpo.tasks import TASKS, DenseCaptioning, VideoSummary
from medgrpo.video import clip_from_video

WORDS_FILE = "model_words.jsonl"
NOTICE = "The model's own words: not verified, no part of the analysis, not for clinical use."
LONGEST_CLIP_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Words:
    """What was said of a stretch of the video, or why nothing was (`text` None)."""

    task: str
    span: Span
    text: str | None
    failure: str | None


def model_words(
    model: Model, video: Path, duration_seconds: float, out_dir: Path, stop: Callable[[], bool] = never
) -> tuple[Words, ...]:
    """Ask for a summary and the events of each stretch of at most two minutes, and write them to `model_words.jsonl`, whole.

    A stretch whose pictures cannot be read, and a request that fails, are kept with the reason. Interrupted when `stop` says so.
    """
    said = tuple(_asked(model, video, duration_seconds, stop))
    lines = [{"notice": NOTICE, "model": model.card.name, "backend": model.card.backend, "revision": model.card.revision}]
    lines += [
        {
            "task": one.task,
            "start_seconds": one.span.start_seconds,
            "end_seconds": one.span.end_seconds,
            "text": one.text,
            "failure": one.failure,
        }
        for one in said
    ]
    path = out_dir / WORDS_FILE
    unfinished = path.with_name(f".{WORDS_FILE}.unfinished")
    try:
        unfinished.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    return said


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
            failed = isinstance(result, Failure)
            yield Words(task, span, None if failed else result.text, result.reason if failed else None)
