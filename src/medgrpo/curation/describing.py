"""Captions by two models, each without the other, where a template stood; kept where the two agree.

Requests are built again on every run (they are pictures); replies are kept on disk as they come, under the hash of everything that
the model was given. A reply that cannot be read is counted and drops its question; a call that failed is asked again by the next
run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any, cast

from medgrpo.core import Box, Span, Unparsed, VideoError
from medgrpo.curation.chance import draw
from medgrpo.curation.counts import Tally
from medgrpo.curation.guided import GuidedFrame, GuidedPrompt, Happening, read_sentences
from medgrpo.curation.guides import GUIDES, Boxes
from medgrpo.curation.recipe import Recipe
from medgrpo.curation.work import Replies, print_of
from medgrpo.models import Completion, Model, Request
from medgrpo.scoring import Embedder, cosines
from medgrpo.sources import TEMPLATE, BenchmarkRecord
from medgrpo.tasks import Caption, DenseAnswer, DenseCaptioning, Event, task_of
from medgrpo.video import evenly_spaced, read_image

DESCRIBED = ("dense_captioning", "video_summary", "region_caption")
_TASKS = {
    "dense_captioning": "For each of these events write one sentence that says what happens and how:",
    "video_summary": "Write a short paragraph that says what is done in the clip, with what, and to what end.",
    "region_caption": "Write one sentence that says what the thing in the box labelled OBJECT does during the clip.",
}
_TOKENS = {"dense_captioning": 2048, "video_summary": 512, "region_caption": 256}
VARIANTS = ("a", "b")
_SUFFIX = {"a": "gpt", "b": "gemini"}
"""MedVidBench names its two variants after the models that wrote them; here they stand for the first and the second model."""
CUT = ""
"""What stands for a reply that the token budget cut: it cannot be used."""
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Writers:
    """The two models, and the sentence model that compares them."""

    models: tuple[Model, Model]
    embedder: Embedder

    def names(self) -> list[object]:
        """What may change a caption: both models' cards and the sentence model's name, as JSON."""
        return [*(model.card.model_dump(mode="json") for model in self.models), {"embedder": self.embedder.name}]


@dataclass(frozen=True, slots=True)
class Pair:
    """One question described twice: the sentences of both, event by event, and their mean cosine."""

    record: BenchmarkRecord
    spans: tuple[Span, ...]
    texts: tuple[tuple[str, ...], tuple[str, ...]]
    cosine: float


def wants_description(record: BenchmarkRecord) -> bool:
    """A template's caption of a clip that has pictures."""
    task = task_of(record.qa_type)
    return task is not None and task.card.name in DESCRIBED and record.author == TEMPLATE and bool(record.frames)


class Describer:
    """Describes the questions of one source; `folder` is where its frames lie."""

    def __init__(
        self,
        recipe: Recipe,
        source: str,
        folder: Path,
        replies: tuple[Replies, Replies],
        writers: Writers,
        loop: asyncio.Runner,
        told: Callable[[int], None],
    ) -> None:
        self._recipe, self._source, self._folder, self._told = recipe, source, folder, told
        self._replies, self._writers, self._loop = replies, writers, loop
        self.failed = 0
        self._cards = [model.card.model_dump(mode="json") for model in writers.models]
        self.describe = Tally("describe", "template captions")
        self.agree = Tally("agree", "pairs")
        self.cosines: dict[str, list[float]] = {}

    def questions(self, records: Iterable[BenchmarkRecord]) -> Iterator[BenchmarkRecord]:
        """The same questions, those with templates replaced by the two variants that agree, or dropped. Numbered from 0."""
        index = done = 0
        for _, group in groupby(records, key=lambda record: record.video):
            held = list(group)
            pairs = self._pairs(held)
            for record in held:
                if not wants_description(record):
                    yield replace(record, index=index)
                    index += 1
                    continue
                done += 1
                self._told(done)
                pair = pairs.get(record.index)
                if pair is None:
                    continue
                self.agree.take()
                self.cosines.setdefault(_task(record), []).append(round(pair.cosine, 4))
                if pair.cosine < self._recipe.agreement:
                    self.agree.drop(f"the captions' similarity is under {self._recipe.agreement:g}")
                    continue
                self.agree.keep()
                for variant, texts, model in zip(VARIANTS, pair.texts, self._writers.models, strict=True):
                    self.agree.make(f"variant {variant}")
                    yield _told(replace(record, index=index), variant, pair.spans, texts, model.card.name)
                    index += 1

    def _pairs(self, records: Sequence[BenchmarkRecord]) -> dict[int, Pair]:
        """By index: those that both models described."""
        wanted: list[tuple[BenchmarkRecord, GuidedPrompt]] = []
        boxes: Boxes | None = None
        for record in records:
            if not wants_description(record):
                continue
            self.describe.take()
            share = self._recipe.caption_share
            if draw(self._recipe.seed, "describe", record.id, record.qa_type) >= share:
                self.describe.drop("not drawn to be described")
                continue
            if boxes is None:
                boxes = GUIDES[self._source](self._folder, record.video) if self._source in GUIDES else {}
            try:
                wanted.append((record, guided(self._recipe, self._folder, record, records, boxes)))
            except VideoError:
                self.describe.drop("a picture of the clip cannot be read")
        both = [self._asked(place, [prompt for _, prompt in wanted], [record for record, _ in wanted]) for place in (0, 1)]
        pairs: dict[int, Pair] = {}
        for (record, prompt), one, two in zip(wanted, *both, strict=True):
            first, second = (read_reply(prompt, reply) for reply in (one, two))
            if isinstance(first, Unparsed) or isinstance(second, Unparsed):
                wrong = [found.reason.partition(":")[0] for found in (first, second) if isinstance(found, Unparsed)]
                self.describe.drop(f"a reply that cannot be used: {wrong[0]}")
                self.failed += one is None or two is None
                continue
            self.describe.keep()
            scores = cosines(list(zip(first, second, strict=True)), self._writers.embedder)
            spans = tuple(happening.span for happening in prompt.happenings)
            pairs[record.index] = Pair(record, spans, (first, second), fmean(score or 0.0 for score in scores))
        return pairs

    def _asked(self, place: int, prompts: Sequence[GuidedPrompt], records: Sequence[BenchmarkRecord]) -> list[str | None]:
        """One reply per prompt, from the file or from the model; None where the call failed."""
        replies, model = self._replies[place], self._writers.models[place]
        sampling = model.card.sampling
        answers: list[str | None] = []
        for start in range(0, len(prompts), _AT_ONCE):
            requests: list[Request] = []
            for prompt, record in zip(prompts[start : start + _AT_ONCE], records[start : start + _AT_ONCE], strict=True):
                clip = prompt.pictures(sampling.side_multiple) if sampling else prompt.pictures()
                key = print_of([self._cards[place], prompt.text, clip.key])
                requests.append(Request(key, prompt.text, clip, _TOKENS[_task(record)], seed=self._recipe.seed))
            new = [request for request in requests if request.key not in replies.held]
            results = self._loop.run(model.generate(new)) if new else []
            for request, result in zip(new, results, strict=True):
                if isinstance(result, Completion):
                    replies.add({"key": request.key, "text": result.text, "finish": result.finish})
            for request in requests:
                held = replies.held.get(request.key, {})
                answers.append(None if not held else CUT if held["finish"] == "length" else str(held["text"]))
        return answers


def guided(recipe: Recipe, folder: Path, record: BenchmarkRecord, records: Sequence[BenchmarkRecord], boxes: Boxes) -> GuidedPrompt:
    """The prompt of a template question. What other questions of the recording say of its clip is told with the frames."""
    zero = float(record.clip.start)
    marks = [mark for other in records for mark in _marks(other, record)]
    marked = record.frames.index(record.region.frame) if record.region else None
    frames: list[GuidedFrame] = []
    for place in evenly_spaced(len(record.frames), recipe.caption_frames, marked):
        second = record.frame_numbers[place] if boxes else None
        seconds = float(place / record.frames_per_second) if second is None else max(0.0, second - zero)
        labels = tuple(dict.fromkeys(label for span, label in marks if span.start_seconds <= seconds < span.end_seconds))
        image = read_image(folder / record.frames[place])
        held = () if second is None else boxes.get(second, ())
        if record.region and place == marked:
            height, width = image.shape[:2]
            box = record.region.box
            held = (*held, ("object", Box.clipped(box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height)))
        frames.append(GuidedFrame(image, seconds, labels, held))
    name = _task(record)
    happenings: tuple[Happening, ...] = ()
    if name == "dense_captioning":
        gold = DenseCaptioning().reference(record.struc_info, record.answer or "")
        if isinstance(gold, DenseAnswer):
            happenings = tuple(Happening(event.span, event.caption) for event in gold.events)
    expert = "" if happenings else record.answer or ""
    in_seconds = record.clip.form == "input_video_time"
    length = float(record.clip.end) - zero if in_seconds else float(len(record.frames) / record.frames_per_second)
    return GuidedPrompt(record.source, length, tuple(frames), _TASKS[name], expert, happenings)


def read_reply(prompt: GuidedPrompt, reply: str | None) -> tuple[str, ...] | Unparsed:
    """The sentences of a reply: one per event, or the one text."""
    if reply is None:
        return Unparsed.of("", "no reply (the call failed; the next run asks again)")
    if reply == CUT:
        return Unparsed.of("", "cut by the token budget, or empty")
    if prompt.happenings:
        return read_sentences(reply, len(prompt.happenings))
    text = " ".join(reply.split())
    return (text,) if any(map(str.isalpha, text)) else Unparsed.of(reply, "no text")


def _told(record: BenchmarkRecord, variant: str, spans: tuple[Span, ...], texts: tuple[str, ...], author: str) -> BenchmarkRecord:
    task = _task(record)
    kind = f"{task}_{_SUFFIX[variant]}"
    if task != "dense_captioning":
        answer = Caption(texts[0]).text
        return replace(record, qa_type=kind, answer=answer, author=author)
    events = tuple(Event(span, text) for span, text in zip(spans, texts, strict=True))
    told = [[{"start": one.span.start_seconds, "end": one.span.end_seconds, "caption": one.caption} for one in events]]
    return replace(record, qa_type=kind, answer=DenseCaptioning().write(DenseAnswer(events)), struc_info=told, author=author)


def _marks(other: BenchmarkRecord, record: BenchmarkRecord) -> Iterator[tuple[Span, str]]:
    """Annotated actions of the very clip, in its seconds."""
    if other.qa_type != "tal" or other.clip != record.clip:
        return
    for item in cast("list[dict[str, Any]]", other.struc_info):
        if item.get("case") != "absent":
            for span in cast("list[dict[str, float]]", item["spans"]):
                yield Span(span["start"], span["end"]), str(item["action"])


def _task(record: BenchmarkRecord) -> str:
    task = task_of(record.qa_type)
    return task.card.name if task else record.qa_type
