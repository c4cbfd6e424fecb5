"""AVOS: open surgery on public video; timed background, cutting, tying, suturing -> videos with their segments.

Layout of the folder: `segments.csv` (video_id, labeler_1..3, label, duration, start_seconds, end_seconds) and `videos.csv` (one row
per video; more videos than have segments). Licence MIT. Segments follow one another; `abstain` is a stretch that no labeller would
name. Nothing is mended but that a start before 0 is held at 0 (`raw_start_seconds` keeps it): a few videos begin at -1 or -2, some
segments overlap by a second. A length of 0 in the table means that it is not known.

The data set has no split of its own. Ours is by video: `avos_split`, 70 % train, 10 % val, 20 % test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from medgrpo.core import Span
from medgrpo.sources.problem import Problem, all_or_error
from medgrpo.sources.rows import csv_rows, finite_number

AvosLabel = Literal["background", "cutting", "tying", "suturing", "abstain"]
AVOS_LABELS: tuple[AvosLabel, ...] = get_args(AvosLabel)
AvosSplit = Literal["train", "val", "test"]
_NAMED: dict[str, AvosLabel] = {label: label for label in AVOS_LABELS}
_SEGMENT_COLUMNS = ("video_id", "labeler_1", "labeler_2", "labeler_3", "label", "duration", "start_seconds", "end_seconds")
_VIDEO_COLUMNS = ("video_id", "duration_seconds")


@dataclass(frozen=True, slots=True)
class AvosSegment:
    """One stretch, in seconds. `labellers`: what labeller 1, 2, 3 wrote, None where they wrote nothing. `line` of segments.csv."""

    span: Span
    label: AvosLabel
    labellers: tuple[str | None, str | None, str | None]
    raw_start_seconds: float
    line: int


@dataclass(frozen=True, slots=True)
class AvosVideo:
    """One video; segments in order of start, () where it has none. `table`: its row of videos.csv. A length not known is None."""

    id: str
    split: AvosSplit
    duration_seconds: float | None
    segments: tuple[AvosSegment, ...]
    table: Mapping[str, str]


def avos_split(video_id: str) -> AvosSplit:
    """The first 8 hex digits of the SHA-256 of the id, modulo 10: 0-6 train, 7 val, 8-9 test. Depends on nothing else."""
    place = int(hashlib.sha256(video_id.encode()).hexdigest()[:8], 16) % 10
    return "train" if place < 7 else "val" if place == 7 else "test"


def read_avos(folder: Path) -> tuple[AvosVideo, ...]:
    """Every video of the table, in its order. DataError names the file and the first line that is not what the format says."""
    return tuple(all_or_error(avos_videos(folder)))


def avos_videos(folder: Path) -> Iterator[AvosVideo | Problem]:
    """Every video of the table, in its order, and each row that is not what the format says, which is left out.

    DataError when a file is missing or lacks a column.
    """
    path, table = folder / "segments.csv", folder / "videos.csv"
    segments: dict[str, list[AvosSegment]] = {}
    for line, row in csv_rows(path, _SEGMENT_COLUMNS):
        try:
            segments.setdefault(_name(row), []).append(_segment(line, cast("dict[str, str]", row)))
        except ValueError as error:
            yield Problem(path, f"line {line}", str(error))
    known: set[str] = set()
    for line, row in csv_rows(table, _VIDEO_COLUMNS):
        try:
            name, values = _name(row), cast("dict[str, str]", row)
            if name in known:
                raise ValueError(f"{name} occurs twice")
            known.add(name)
            duration = finite_number(values, "duration_seconds")
            if duration < 0:
                raise ValueError(f"duration_seconds must not be negative, got {duration}")
        except ValueError as error:
            yield Problem(table, f"line {line}", str(error))
            continue
        ordered = tuple(sorted(segments.get(name, ()), key=lambda segment: (segment.span, segment.line)))
        yield AvosVideo(name, avos_split(name), duration or None, ordered, values)
    for name in sorted(segments.keys() - known):
        for segment in segments[name]:
            yield Problem(path, f"line {segment.line}", f"{name} is not in {table.name}")


def _name(row: dict[str, str] | str) -> str:
    if isinstance(row, str):
        raise ValueError(row)
    if not row["video_id"]:
        raise ValueError("no video_id")
    return row["video_id"]


def _segment(line: int, row: dict[str, str]) -> AvosSegment:
    label = _NAMED.get(row["label"])
    if label is None:
        raise ValueError(f"label {row['label']!r} is none of {', '.join(AVOS_LABELS)}")
    start, end = finite_number(row, "start_seconds"), finite_number(row, "end_seconds")
    if end < max(start, 0.0):
        raise ValueError(f"a segment must satisfy start <= end and end after 0, got {start} to {end}")
    one, two, three = (row[f"labeler_{number}"] or None for number in (1, 2, 3))
    return AvosSegment(Span(max(0.0, start), end), label, (one, two, three), start, line)
