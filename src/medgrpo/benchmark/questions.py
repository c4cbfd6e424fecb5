"""The questions of a data file as they are asked: identical rows once, clips dealt out to parts, alike in length together.

A row's key is clip, type, hash of the question and place in the file. MedVidBench's test file holds rows that are the same to the
last byte: each stays a row with a key of its own, in its place, and all get the answer to the one time that they were asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgrpo.benchmark.settings import Shard
from medgrpo.core import DataError
from medgrpo.sources import BenchmarkRecord, Problem, read_medvidbench
from medgrpo.tasks import AnyTask, estimated_tokens, task_of

TOKENS_PER_FRAME = 24
"""Rough: what a frame of 48 patches of 28x28 pixels costs where two frames share a token. Only the order of batches rests on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the data file. `asked` is equal for rows that are the same question about the same pictures."""

    record: BenchmarkRecord
    clip: str
    asked: str

    @property
    def place(self) -> int:
        return self.record.index

    @property
    def task(self) -> AnyTask:
        task = task_of(self.record.qa_type)
        if task is None:
            raise ValueError(f"{self.record.qa_type} is no type of MedVidBench")
        return task

    @property
    def key(self) -> str:
        return f"{self.clip}|{self.record.qa_type}|{self.asked}|{self.place}"


def rows_of(records: Iterable[BenchmarkRecord]) -> list[Row]:
    """In the file's order."""
    return [_row(record) for record in records]


def read_rows(path: Path) -> list[Row]:
    """All rows of a data file. DataError when one cannot be read: answers count by place, so that none may be left out."""
    records: list[BenchmarkRecord] = []
    problems: list[Problem] = []
    for found in read_medvidbench(path):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            records.append(found)
    if problems:
        raise DataError(
            path,
            f"{len(problems)} questions cannot be read, the first at {problems[0].place}: {problems[0].reason}; answers count by "
            f"place, so that none can be left out (medgrpo data check MedVidBench {path} names each)",
        )
    if not records:
        raise DataError(path, "holds no question")
    return rows_of(records)


def _row(record: BenchmarkRecord) -> Row:
    clip = f"{record.source}/{record.video}:{record.clip.start}-{record.clip.end}"
    region = record.region and [
        record.region.frame,
        record.region.box.x0,
        record.region.box.y0,
        record.region.box.x1,
        record.region.box.y1,
    ]
    content = [clip, record.qa_type, record.question, record.frames, str(record.frames_per_second), region]
    content += ["still"] if record.still else []
    return Row(record, clip, hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16])


def asked_once(rows: Sequence[Row]) -> list[Row]:
    """The first row of each question, in the file's order."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.asked, row)
    return list(first.values())


def in_shard(rows: Sequence[Row], shard: Shard) -> list[Row]:
    """The rows of one part: clips are dealt out in turn as they first occur, so that each is read by one process only."""
    clips = {clip: number for number, clip in enumerate(dict.fromkeys(row.clip for row in rows))}
    return [row for row in rows if clips[row.clip] % shard.count == shard.number - 1]


def batches(rows: Sequence[Row], size: int) -> list[tuple[Row, ...]]:
    """Questions alike in length together, the longest first: too much for the memory shows at once, and the time left is told well.

    Questions about one clip stay neighbours, so that its pictures are read once.
    """
    longest: dict[str, int] = {}
    for row in rows:
        longest[row.clip] = max(longest.get(row.clip, 0), estimated_length(row))
    ordered = sorted(rows, key=lambda row: (-longest[row.clip], row.clip, -estimated_length(row), row.place))
    return [tuple(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def estimated_length(row: Row) -> int:
    """Tokens of pictures, question and reply, roughly."""
    return len(row.record.frames) * TOKENS_PER_FRAME + estimated_tokens(row.record.question) + row.task.card.answer_tokens
