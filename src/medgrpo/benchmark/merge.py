"""The parts of a sharded run put together: each part there, whole, once, and of the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medgrpo.benchmark.answers import ANSWERS_NAME, Answer, AnswerFile, read_answers
from medgrpo.benchmark.questions import Row, asked_once, in_shard
from medgrpo.benchmark.settings import RunSettings, Shard, claim, identify_data, stored_settings
from medgrpo.core import DataError, InputError


@dataclass(frozen=True, slots=True)
class _Part:
    folder: Path
    settings: RunSettings


def read_parts(folders: Sequence[Path]) -> RunSettings:
    """The settings of the whole run. InputError names parts that are missing, given twice, or of another run."""
    parts = [_part(folder) for folder in folders]
    first = parts[0]
    for part in parts[1:]:
        difference = first.settings.difference(part.settings, shard_too=False)
        if difference is not None:
            raise InputError(f"{part.folder}: is of another run than {first.folder}: {difference}")
        if part.settings.shard.count != first.settings.shard.count:
            raise InputError(
                f"{part.folder}: is part {part.settings.shard}, {first.folder} is part {first.settings.shard}: cut differently"
            )
    by_number: dict[int, Path] = {}
    for part in parts:
        number = part.settings.shard.number
        if number in by_number:
            raise InputError(f"{part.folder} and {by_number[number]}: are both part {part.settings.shard}; give one of them")
        by_number[number] = part.folder
    count = first.settings.shard.count
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in by_number]
    if missing:
        raise InputError(f"parts are missing: {', '.join(missing)}")
    return first.settings.model_copy(update={"shard": Shard()})


def merge_answers(folders: Sequence[Path], data: Path, rows: Sequence[Row], out: Path) -> RunSettings:
    """Write the answers of all parts, in the order of the questions, into the new folder `out`; the run's settings.

    DataError when the data is not what was asked about; InputError when a part still has open questions.
    """
    settings = read_parts(folders)
    identity = identify_data(data, len(rows))
    if identity.sha256 != settings.data.sha256:
        raise DataError(data, f"is not the data that was asked about ({settings.data.name}, {settings.data.sha256[:12]})")
    by_asked: dict[str, Answer] = {}
    for folder in folders:
        part = _part(folder)
        own = asked_once(in_shard(rows, part.settings.shard))
        stored = read_answers(folder / ANSWERS_NAME)
        lacking = [row for row in own if row.asked not in stored.by_asked]
        if lacking:
            raise InputError(
                f"{folder}: part {part.settings.shard} has {len(lacking)} of {len(own)} questions open; finish it first"
            )
        by_asked |= {row.asked: stored.by_asked[row.asked] for row in own}
    claim(out, settings)
    with AnswerFile(out / ANSWERS_NAME) as file:
        there = read_answers(out / ANSWERS_NAME).by_asked
        file.append([by_asked[row.asked] for row in asked_once(rows) if row.asked not in there])
    return settings


def _part(folder: Path) -> _Part:
    settings = stored_settings(folder)
    if settings is None:
        raise InputError(f"{folder}: holds no run (no settings.json)")
    return _Part(folder, settings)
