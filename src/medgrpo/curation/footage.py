"""A source's questions about one recording -> what is known of the recording, in its own seconds, ready to be cut anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from medgrpo.core import Span, Unparsed
from medgrpo.sources import BenchmarkRecord
from medgrpo.tasks import DenseAnswer, NextActionAnswer, PixelBox, TemporalAnswer, TrackAnswer, task_of


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """An annotated action."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence about a stretch. `qa_type` says by which variant of dense captioning it was given, `author` who wrote it."""

    span: Span
    caption: str
    qa_type: str
    author: str | None


@dataclass(frozen=True, slots=True)
class Track:
    """The boxes of one thing, in pixels of the original frame, at seconds of the recording, every `stride_seconds`."""

    thing: str
    stride_seconds: float
    boxes: tuple[tuple[float, PixelBox], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The step that follows a stretch of the recording."""

    before: Span
    label: str


@dataclass(frozen=True, slots=True)
class Footage:
    """One annotated stretch of a recording: whatever happens in it of a marked kind is marked."""

    source: str
    video: str
    span: Span
    marks: tuple[Mark, ...]
    told: tuple[Told, ...]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a source's questions say of one recording. `whole`: questions that are kept with the clip they have.

    `pictures`: the named frames by their second, where the source's numbers are seconds. `lost`: questions of which nothing can be
    made, by reason.
    """

    source: str
    video: str
    footage: tuple[Footage, ...]
    steps: tuple[Step, ...]
    whole: tuple[BenchmarkRecord, ...]
    pictures: Mapping[int, str]
    lost: Mapping[str, int]


def recording_of(records: Iterable[BenchmarkRecord]) -> Recording:
    """From the questions of one recording (at least one). Those whose frames or bounds have no known seconds stay whole."""
    marks: dict[Span, set[Mark]] = {}
    told: dict[Span, list[Told]] = {}
    tracks: dict[Span, list[Track]] = {}
    steps: list[Step] = []
    whole: list[BenchmarkRecord] = []
    pictures: dict[int, str] = {}
    lost: dict[str, int] = {}
    source = video = ""
    for record in records:
        source, video = record.source, record.video
        gold = _gold(record)
        if isinstance(gold, Unparsed):
            reason = f"no gold answer that its task can read ({gold.reason})"
            lost[reason] = lost.get(reason, 0) + 1
            continue
        if record.clip.form != "input_video_time" or not _numbered_by_second(record):
            whole.append(record)
            continue
        pictures.update(zip(record.frame_numbers, record.frames, strict=True))
        clip = Span(float(record.clip.start), float(record.clip.end))
        zero = clip.start_seconds
        if isinstance(gold, TemporalAnswer):
            held = marks.setdefault(clip, set())
            for item in _items(record.struc_info):
                found = [_moved(Span(float(one["start"]), float(one["end"])), zero) for one in item["spans"]]
                held |= {Mark(span, str(item["action"])) for span in found}
        elif isinstance(gold, DenseAnswer):
            told.setdefault(clip, []).extend(
                Told(_moved(one.span, zero), one.caption, record.qa_type, record.author) for one in gold.events
            )
        elif isinstance(gold, TrackAnswer):
            tracks.setdefault(clip, []).append(_track(_items(record.struc_info)[0], gold, zero))
        elif isinstance(gold, NextActionAnswer):
            steps.append(Step(clip, gold.label))
        else:
            whole.append(record)
    footage = tuple(
        Footage(source, video, clip, tuple(sorted(marks.get(clip, ()))), tuple(told.get(clip, ())), tuple(tracks.get(clip, ())))
        for clip in sorted({*marks, *told, *tracks})
    )
    return Recording(source, video, footage, tuple(steps), tuple(whole), pictures, lost)


def _numbered_by_second(record: BenchmarkRecord) -> bool:
    """Are the frames' numbers seconds of the recording? True too where no frame is named: then nothing contradicts the bounds."""
    numbers = record.frame_numbers
    if not record.frames:
        return not numbers
    start, end = float(record.clip.start), float(record.clip.end)
    if len(numbers) != len(record.frames) or list(numbers) != sorted(set(numbers)):
        return False
    widest = max((after - one for one, after in pairwise(numbers)), default=1)
    return start <= numbers[0] < start + 1 and end - widest - 1 <= numbers[-1] <= end


def _gold(record: BenchmarkRecord) -> object:
    """The typed answer; Unparsed too where the structured part lacks what cutting needs."""
    task = task_of(record.qa_type)
    if task is None or record.answer is None:
        return Unparsed.of(record.qa_type, "no such task" if task is None else "the record holds no answer")
    if record.qa_type == "tal" and not all("action" in item and "spans" in item for item in _items(record.struc_info)):
        return Unparsed.of(record.answer, "no named action")
    if record.qa_type == "stg" and not all("object" in item and "stride" in item for item in _items(record.struc_info)[:1]):
        return Unparsed.of(record.answer, "no named object")
    return task.reference(record.struc_info, record.answer)


def _items(value: object) -> list[dict[str, Any]]:
    held = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [cast("dict[str, Any]", one) if isinstance(one, dict) else {} for one in held]


def _track(item: dict[str, Any], answer: TrackAnswer, zero: float) -> Track:
    return Track(str(item["object"]), float(item["stride"]), tuple((time + zero, box) for time, box in answer.boxes))


def _moved(span: Span, zero: float) -> Span:
    return Span(span.start_seconds + zero, span.end_seconds + zero)
