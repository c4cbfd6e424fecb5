"""Three data sets of unlike difficulty out of simulated worlds: short questions on short clips, as small a model can learn them.

Each is a world of `medgrpo simulate` under a name of its own, its questions those of the source `Simulated` cut down: one event in
a window of seconds, one instrument at one moment. What makes a question hard is the world (small boxes, a moving head, a dim
picture) and how much of the window an event takes; nothing is scored otherwise than elsewhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError, InputError, Span
from medgrpo.sources import SOURCES, BenchmarkRecord, ClipBounds, Problem
from medgrpo.tasks import PixelBox, SpatiotemporalGrounding, TemporalAnswer, TemporalGrounding, TrackAnswer

MOST_PICTURES = 8
"""Of a clip; windows longer than as many seconds take every second, third ... picture."""
BOX_SECONDS, BOX_AT = 8, 4
"""Length of the clip in which an instrument is asked for, and at which of its seconds."""


@dataclass(frozen=True, slots=True)
class ShortSource:
    """A world as a data set: events of `least_share`..`most_share` of a window of `window_seconds` are asked for in time, the
    instruments `things` by box."""

    name: str
    world: str
    window_seconds: int
    least_share: float
    most_share: float
    things: tuple[str, ...]


SHORT_SOURCES: tuple[ShortSource, ...] = (
    ShortSource("SimOpen", "open-surgery", 16, 0.4, 0.9, ("own right hand",)),
    ShortSource("SimBench", "bench-suturing", 8, 0.2, 0.8, ("left needle driver",)),
    ShortSource("SimDissection", "submucosal-dissection", 16, 0.12, 0.6, ("forceps",)),
)
"""Easy in time and hard in place; between; hard in time and easier in place."""


def short_questions(cases: Path, each: int) -> list[BenchmarkRecord]:
    """At most `each` questions per source and task, spread evenly over what the cases (folders `cases`/WORLD/...) hold; numbered.

    Frames are named from `cases`. DataError where a world has no cases, or none with such a question.
    """
    found: list[BenchmarkRecord] = []
    for source in SHORT_SOURCES:
        folder = cases / source.world
        for kind, cut in (("tal", _temporal), ("stg", _boxes)):
            made = [short for record in _records(folder) if record.qa_type == kind for short in cut(record, source)]
            if not made:
                raise DataError(folder, f"holds no `{kind}` question of {source.name}; simulate more cases of {source.world}")
            step = max(1.0, len(made) / each)
            picked = [made[int(place * step)] for place in range(min(each, len(made)))]
            found += [replace(one, frames=tuple(f"{source.world}/{frame}" for frame in one.frames)) for one in picked]
    return [replace(record, index=index) for index, record in enumerate(found)]


def _records(folder: Path) -> Iterator[BenchmarkRecord]:
    for record in SOURCES["Simulated"].records(folder):
        if isinstance(record, Problem):
            raise InputError(f"{record}: mend or remove this case; an experiment leaves none out in silence")
        yield record


def _temporal(record: BenchmarkRecord, source: ShortSource) -> Iterator[BenchmarkRecord]:
    """One question per event that lies in the window with no other of its kind; times to the second."""
    task, window, last = TemporalGrounding(), source.window_seconds, record.frame_numbers[-1] + 1
    structure = cast("list[dict[str, Any]]", record.struc_info)[0]
    spans = [Span(float(one["start"]), float(one["end"])) for one in structure["spans"]]
    action = str(structure["action"])
    for place, span in enumerate(spans):
        first, end = round(span.start_seconds), round(span.end_seconds)
        length = end - first
        if not source.least_share <= length / window <= source.most_share or last < window:
            continue
        draw = zlib.crc32(f"{record.video} {action} {place}".encode())
        start = min(max(0, first - draw % (window - length + 1)), last - window)
        others = [other for other in spans if other != span]
        if any(other.start_seconds < start + window and other.end_seconds > start for other in others) or end > start + window:
            continue
        question = task.prompt(source.name, action, variant=draw)
        answer = task.write(TemporalAnswer((Span(float(first - start), float(end - start)),)))
        yield _cut(record, source, start, window, question, answer)


def _boxes(record: BenchmarkRecord, source: ShortSource) -> Iterator[BenchmarkRecord]:
    """One question per box; coordinates to the pixel."""
    task, last = SpatiotemporalGrounding(), record.frame_numbers[-1] + 1
    structure = cast("list[dict[str, Any]]", record.struc_info)[0]
    thing, boxes = str(structure["object"]), cast("Mapping[str, Sequence[float]]", structure["bbox_dict"])
    if thing not in source.things:
        return
    for seconds, box in boxes.items():
        second = round(float(seconds))
        start = second - BOX_AT
        if 0 <= start <= last - BOX_SECONDS:
            draw = zlib.crc32(f"{record.video} {thing} {second}".encode())
            question = task.prompt(source.name, thing, BOX_AT, BOX_AT, 1, variant=draw)
            track = TrackAnswer(((float(BOX_AT), PixelBox(*map(float, map(round, box)))),))
            yield _cut(record, source, start, BOX_SECONDS, question, task.write(track))


def _cut(record: BenchmarkRecord, source: ShortSource, start: int, seconds: int, question: str, answer: str) -> BenchmarkRecord:
    """The same video between two whole seconds, a picture every `stride` of them."""
    stride = -(-seconds // MOST_PICTURES)
    paths = dict(zip(record.frame_numbers, record.frames, strict=True))
    numbers = tuple(range(start, start + seconds, stride))
    missing = [number for number in numbers if number not in paths]
    if missing:
        raise InputError(f"{record.video}: no picture of second {missing[0]}; simulate the case with --frames")
    return replace(
        record,
        id=f"{record.video}&&{start}&&{start + seconds}&&{record.qa_type}",
        source=source.name,
        frames=tuple(paths[number] for number in numbers),
        frame_numbers=numbers,
        clip=ClipBounds("input_video_time", str(float(start)), str(float(start + seconds))),
        frames_per_second=Fraction(1, stride),
        question=question,
        answer=answer,
        struc_info=None,
    )
