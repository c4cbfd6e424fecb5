"""AVOS: open surgery on public video; timed background, cutting, tying, suturing -> videos with their segments.

Layout of the folder: `segments.csv` (video_id, labeler_1..3, label, duration, start_seconds, end_seconds) and `videos.csv` (one row
per video; more videos than have segments). Licence MIT. Segments follow one another; `abstain` is a stretch that no labeller would
name. Nothing is mended but that a start before 0 is held at 0 (`raw_start_seconds` keeps it): a few videos begin at -1 or -2, some
segments overlap by a second. A length of 0 in the table means that it is not known.

The data set has no split of its own. Ours is by video: `avos_split`, 70 % train, 10 % val, 20 % test.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from medgrpo.core import DataError, Span

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
    """Every video of the table, in its order. DataError names the file and the line that is not what the format says."""
    path = folder / "segments.csv"
    segments: dict[str, list[AvosSegment]] = {}
    for line, row in _rows(path, _SEGMENT_COLUMNS):
        segments.setdefault(row["video_id"], []).append(_segment(path, line, row))
    table = folder / "videos.csv"
    videos: dict[str, AvosVideo] = {}
    for line, row in _rows(table, _VIDEO_COLUMNS):
        name = row["video_id"]
        if name in videos:
            raise DataError(table, f"line {line}: {name} occurs twice")
        duration = _number(table, line, row, "duration_seconds")
        if duration < 0:
            raise DataError(table, f"line {line}: duration_seconds must not be negative, got {duration}")
        ordered = tuple(sorted(segments.pop(name, []), key=lambda segment: (segment.span, segment.line)))
        videos[name] = AvosVideo(name, avos_split(name), duration or None, ordered, row)
    if segments:
        name, left = next(iter(segments.items()))
        raise DataError(path, f"line {left[0].line}: {name} is not in {table.name}")
    return tuple(videos.values())


def _segment(path: Path, line: int, row: dict[str, str]) -> AvosSegment:
    label = _NAMED.get(row["label"])
    if label is None:
        raise DataError(path, f"line {line}: label {row['label']!r} is none of {', '.join(AVOS_LABELS)}")
    start, end = _number(path, line, row, "start_seconds"), _number(path, line, row, "end_seconds")
    if end < max(start, 0.0):
        raise DataError(path, f"line {line}: a segment must satisfy start <= end and end after 0, got {start} to {end}")
    one, two, three = (row[f"labeler_{number}"] or None for number in (1, 2, 3))
    return AvosSegment(Span(max(0.0, start), end), label, (one, two, three), start, line)


def _rows(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(path, f"line 1: no column {missing[0]!r}")
            for row in reader:
                if None in row or None in row.values():
                    raise DataError(path, f"line {reader.line_num}: not as many values as columns")
                if not row["video_id"]:
                    raise DataError(path, f"line {reader.line_num}: no video_id")
                yield reader.line_num, {name: value for name, value in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(path, f"cannot be read as CSV ({error})") from error


def _number(path: Path, line: int, row: dict[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError as error:
        raise DataError(path, f"line {line}: {column} is no number: {row[column]!r}") from error
    if not math.isfinite(value):
        raise DataError(path, f"line {line}: {column} is not finite")
    return value
