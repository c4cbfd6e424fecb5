"""MedVidBench's own JSON: one object per question -> records, and back, in any of the files of `record_files`.

The two public splits differ: metadata comes in three forms, `fps` is text, ids have two forms and are **not unique**. A record's
key is its place in the file (`index`, from 0), as on the leaderboard. Times in questions and answers are seconds from the start of
the clip; the numbers of sampled frames are ragged, so that no time may be worked out from them.

MedVidBench asks about clips alone, and leads every question by `<video>`. A question that is led by `<image>` is ours: it is about
a single picture, which is no clip of one frame.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from medgrpo.core import Example, Unparsed
from medgrpo.sources.json_file import as_corners, as_list, as_object, as_text, as_whole
from medgrpo.sources.problem import Problem
from medgrpo.sources.record_files import read_objects, write_objects
from medgrpo.tasks import PixelBox, task_of

ClipForm = Literal["input_video_frame", "input_video_time", "frame"]
_CLIP_KEYS: Mapping[ClipForm, tuple[str, str]] = {
    "input_video_frame": ("input_video_start_frame", "input_video_end_frame"),
    "input_video_time": ("input_video_start_time", "input_video_end_time"),
    "frame": ("start_frame", "end_frame"),
}
_CLIP_MARK, _STILL_MARK = "<video>", "<image>"
_SPELLED = {"cholec80_cvs": "Cholec80-CVS", "jigsaws": "JIGSAWS"}


@dataclass(frozen=True, slots=True)
class ClipBounds:
    """Where the clip lies in the source video: seconds in the form `input_video_time`, else frame numbers; as text, as written."""

    form: ClipForm
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Region:
    """The box that is drawn on one frame, given by its path (an element of the record's `frames`), in pixels of that frame."""

    frame: str
    box: PixelBox


@dataclass(frozen=True, slots=True)
class BenchmarkRecord:
    """One question. `source` is spelled one way; `answer` is None where the split holds none; `struc_info` is JSON as given.

    `author`: who wrote the answer's text, where that is known and it does not follow from labels alone: `template` (made here from
    labels), a model's name. Written as `answer_author`; MedVidBench's own files have no such key.

    `still`: about a single picture, the only one listed or at the clip's start in a video, where it also ends.
    """

    index: int
    id: str
    qa_type: str
    source: str
    train: bool
    frames: tuple[str, ...]
    frame_numbers: tuple[int, ...]
    video: str
    clip: ClipBounds
    frames_per_second: Fraction
    question: str
    answer: str | None
    region: Region | None = None
    struc_info: object = None
    author: str | None = None
    still: bool = False

    def __post_init__(self) -> None:
        if self.still and len(self.frames) > 1:
            raise ValueError(f"the question is about a single picture ({_STILL_MARK}), but `video` lists {len(self.frames)}")
        if self.still and float(self.clip.start) != float(self.clip.end):
            raise ValueError(
                f"metadata: a single picture ({_STILL_MARK}) starts and ends at one place, not from {self.clip.start} to "
                f"{self.clip.end}"
            )


def read_medvidbench(path: Path) -> Iterator[BenchmarkRecord | Problem]:
    """Every object in the file's order, or what is wrong with it. DataError when the file is no JSON array, JSONL or Parquet."""
    for index, (place, value) in enumerate(read_objects(path)):
        try:
            if isinstance(value, ValueError):
                raise value
            yield record_of(index, as_object(value, "a record"))
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError, RecursionError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            yield Problem(path, place, said)


def example_of(record: BenchmarkRecord) -> Example[Any] | Unparsed:
    """The typed example, `Unparsed` where the record holds no gold answer that its task can read."""
    task = task_of(record.qa_type)
    if task is None:
        return Unparsed.of(record.qa_type, "no such task")
    if record.answer is None:
        return Unparsed.of("", "the record holds no answer")
    gold = task.reference(record.struc_info, record.answer)
    if isinstance(gold, Unparsed):
        return gold
    clip = f"{record.video}:{record.clip.start}-{record.clip.end}"
    key = f"{record.source}:{record.index}"
    return Example(key, record.source, task.card.name, clip, record.frames_per_second, record.question, gold)


def write_medvidbench(path: Path, records: Iterable[BenchmarkRecord]) -> int:
    """Write JSON, JSONL or Parquet, by the name's ending, as the records come; the file appears whole or not at all.

    Returns their number. ValueError when a record's index is not its place. MissingExtra for Parquet without the extra `data`.
    """
    return write_objects(path, (_placed(record, place) for place, record in enumerate(records)))


def record_of(index: int, values: dict[str, object]) -> BenchmarkRecord:
    """One object of a file. KeyError, TypeError or ValueError when it is none of MedVidBench's form."""
    qa_type = as_text(values["qa_type"], "qa_type")
    if task_of(qa_type) is None:
        raise ValueError(f"qa_type {qa_type!r} is none of MedVidBench's")
    metadata = as_object(values["metadata"], "metadata")
    frames = tuple(as_text(one, "video") for one in as_list(values["video"], "video"))
    fps = Fraction(str(metadata["fps"]))
    if fps <= 0:
        raise ValueError(f"metadata.fps must be positive, got {metadata['fps']!r}")
    written = as_text(values.get("data_source") or values["dataset_name"], "data_source")
    turns = [as_object(turn, "conversations") for turn in as_list(values["conversations"], "conversations")]
    said = {as_text(turn["from"], "conversations"): as_text(turn["value"], "conversations") for turn in turns}
    if "human" not in said:
        raise ValueError("conversations: no question of `human`")
    still = said["human"].startswith(f"{_STILL_MARK}\n")
    question = said["human"].removeprefix(f"{_STILL_MARK if still else _CLIP_MARK}\n")
    if _STILL_MARK in question:
        raise ValueError(f"conversations: {_STILL_MARK} stands once, on the first line, where the question is about one picture")
    return BenchmarkRecord(
        index=index,
        id=as_text(values["id"], "id"),
        qa_type=qa_type,
        source=_SPELLED.get(written.casefold(), written),
        train=bool(values.get("train", False)),
        frames=frames,
        frame_numbers=tuple(
            as_whole(one, "sampled_video_frames")
            for one in as_list(values.get("sampled_video_frames") or [], "sampled_video_frames")
        ),
        video=as_text(metadata["video_id"], "metadata.video_id"),
        clip=_bounds(metadata),
        frames_per_second=fps,
        question=question,
        answer=said.get("gpt"),
        region=_region(values.get("RC_info"), frames),
        struc_info=_structure(values.get("struc_info")),
        author=None if values.get("answer_author") is None else as_text(values["answer_author"], "answer_author"),
        still=still,
    )


def _structure(value: object) -> object:
    """As given; ValueError where it holds a number that JSON has no word for."""
    json.dumps(value, allow_nan=False)
    return value


def _bounds(metadata: dict[str, object]) -> ClipBounds:
    for form, (start, end) in _CLIP_KEYS.items():
        if start in metadata and end in metadata:
            first, last = str(metadata[start]), str(metadata[end])
            if not 0 <= float(first) <= float(last) < math.inf:
                raise ValueError(f"metadata: the clip goes from {first} to {last}")
            return ClipBounds(form, first, last)
    raise ValueError("metadata: none of the three forms of start and end")


def _region(value: object, frames: tuple[str, ...]) -> Region | None:
    if value is None:
        return None
    values = as_object(value, "RC_info")
    frame = as_text(values["start_frame"], "RC_info.start_frame")
    if frame not in frames:
        raise ValueError(f"RC_info.start_frame {frame!r} is no element of `video`")
    return Region(frame, PixelBox(*as_corners(values["start_frame_bbox"], "RC_info.start_frame_bbox")))


def _placed(record: BenchmarkRecord, place: int) -> dict[str, object]:
    if record.index != place:
        raise ValueError(f"record {place} has the index {record.index}: the index is the key")
    return object_of(record)


def object_of(record: BenchmarkRecord) -> dict[str, object]:
    """The record as one object of a file: what `record_of` reads."""
    start, end = _CLIP_KEYS[record.clip.form]
    turns = [{"from": "human", "value": f"{_STILL_MARK if record.still else _CLIP_MARK}\n{record.question}"}]
    if record.answer is not None:
        turns.append({"from": "gpt", "value": record.answer})
    fps = record.frames_per_second
    region, box = record.region, record.region.box if record.region else None
    content: dict[str, object] = {
        "id": record.id,
        "qa_type": record.qa_type,
        "data_source": record.source,
        "dataset_name": record.source,
        "train": record.train,
        "video": list(record.frames),
        "sampled_video_frames": list(record.frame_numbers),
        "metadata": {
            "video_id": record.video,
            "fps": str(float(fps)) if Fraction(str(float(fps))) == fps else str(fps),
            start: record.clip.start,
            end: record.clip.end,
        },
        "conversations": turns,
        "is_RC": region is not None,
        "RC_info": region and box and {"start_frame": region.frame, "start_frame_bbox": [box.x0, box.y0, box.x1, box.y1]},
    }
    if record.author is not None:
        content["answer_author"] = record.author
    if record.struc_info is not None:
        content["struc_info"] = record.struc_info
    return content
