"""One-shot examples: a file in MedVidBench's form whose records and answers are shown before each question of their type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from medgrpo.benchmark.questions import Row, read_rows
from medgrpo.core import InputError
from medgrpo.models import Turn
from medgrpo.video import SampledClip


def read_shots(path: Path, rows: Sequence[Row], clip_of: Callable[[Row], SampledClip | None]) -> dict[str, tuple[Turn, ...]]:
    """Turns by qa_type, in the file's order. A shot without frames is shown as text.

    InputError when a shot has no answer, or is of a video that is asked about: it would give answers away.
    """
    asked_about = {(row.record.source, row.record.video) for row in rows}
    shots: dict[str, tuple[Turn, ...]] = {}
    for row in read_rows(path):
        record = row.record
        if record.answer is None:
            raise InputError(f"{path}: record {row.place} has no answer, and a shot shows one")
        if (record.source, record.video) in asked_about:
            raise InputError(f"{path}: record {row.place} is of {record.source} {record.video}, which is asked about")
        clip = clip_of(row) if record.frames else None
        shots[record.qa_type] = (*shots.get(record.qa_type, ()), Turn(record.question, clip, record.answer))
    return shots
