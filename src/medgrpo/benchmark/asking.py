"""Asking a model: pictures are read ahead, few batches are under way at once, what fails for a moment is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from medgrpo.benchmark.answers import Answer
from medgrpo.benchmark.questions import Row
from medgrpo.core import InputError, VideoError
from medgrpo.models import Completion, Failure, Model, Request, Turn
from medgrpo.video import SampledClip

ClipOf = Callable[[Row], SampledClip | None]
"""The pictures of a question, None for a model that sees none. Raises VideoError or InputError when they cannot be had."""
Batch = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Manner:
    """How questions are asked: new tokens by task, shots by qa_type; a passing failure is tried `tries` times, pausing between."""

    max_new_tokens: Mapping[str, int]
    shots: Mapping[str, tuple[Turn, ...]]
    temperature: float = 0.0
    seed: int = 0
    tries: int = 3
    pause_seconds: float = 1.0
    concurrency: int = 1


@dataclass(frozen=True, slots=True)
class _Ready:
    """A batch whose pictures are read: requests with their rows, and the rows that failed for want of pictures."""

    rows: tuple[Row, ...]
    requests: tuple[Request, ...]
    failed: tuple[Answer, ...]


async def ask_all(
    batches: Sequence[Batch],
    model: Model,
    clip_of: ClipOf,
    manner: Manner,
    keep: Callable[[Sequence[Answer]], None],
    stop: Callable[[], bool],
) -> None:
    """Ask every batch; `keep` gets each batch's answers as soon as they are there. Returns early, at a batch's end, on `stop`.

    What the model raises (ModelError: it concerns all questions) ends everything; what was kept stays.
    """
    ready: asyncio.Queue[_Ready | None] = asyncio.Queue(maxsize=manner.concurrency)

    async def prepare() -> None:
        for batch in batches:
            if stop():
                break
            await ready.put(await asyncio.to_thread(_ready, batch, clip_of, manner))
        for _ in range(manner.concurrency):
            await ready.put(None)

    async def work() -> None:
        while (one := await ready.get()) is not None:
            if stop():
                continue
            if one.failed:
                keep(one.failed)
            if one.requests:
                keep(await _asked(one, model, manner))

    tasks = [asyncio.create_task(prepare()), *(asyncio.create_task(work()) for _ in range(manner.concurrency))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ready(batch: Batch, clip_of: ClipOf, manner: Manner) -> _Ready:
    rows: list[Row] = []
    requests: list[Request] = []
    failed: list[Answer] = []
    for row in batch:
        try:
            clip = clip_of(row)
        except (VideoError, InputError) as error:
            failed.append(_line(row, failure=str(error), failed_at="clip"))
            continue
        rows.append(row)
        requests.append(
            Request(
                key=row.key,
                prompt=row.record.question,
                clip=clip,
                max_new_tokens=manner.max_new_tokens[row.task.card.name],
                temperature=manner.temperature,
                seed=manner.seed,
                shots=manner.shots.get(row.record.qa_type, ()),
            )
        )
    return _Ready(tuple(rows), tuple(requests), tuple(failed))


async def _asked(ready: _Ready, model: Model, manner: Manner) -> list[Answer]:
    results: dict[int, tuple[Completion | Failure, int]] = {}
    waiting = list(range(len(ready.requests)))
    for attempt in range(1, manner.tries + 1):
        replies = await model.generate([ready.requests[number] for number in waiting])
        for number, reply in zip(waiting, replies, strict=True):
            results[number] = reply, attempt
        waiting = [number for number in waiting if isinstance(reply := results[number][0], Failure) and not reply.lasting]
        if not waiting:
            break
        if attempt < manner.tries:
            await asyncio.sleep(manner.pause_seconds * 2 ** (attempt - 1))
    return [
        _answer(row, request, *results[number])
        for number, (row, request) in enumerate(zip(ready.rows, ready.requests, strict=True))
    ]


def _answer(row: Row, request: Request, reply: Completion | Failure, tries: int) -> Answer:
    frames = len(request.clip.images) if request.clip is not None else 0
    if isinstance(reply, Failure):
        return _line(row, failure=reply.reason, failed_at="model", lasting=reply.lasting, tries=tries, frames=frames)
    return _line(
        row,
        text=reply.text,
        finish=reply.finish,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        seconds=reply.seconds,
        cost=reply.cost,
        tries=tries,
        frames=frames,
    )


def _line(row: Row, **values: object) -> Answer:
    about = {"key": row.key, "place": row.place, "asked": row.asked, "qa_type": row.record.qa_type, "source": row.record.source}
    return Answer.model_validate({**about, **values})
