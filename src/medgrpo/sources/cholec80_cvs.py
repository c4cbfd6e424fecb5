"""Cholec80-CVS: surgeons' grades of the critical view of safety, by stretches of Cholec80's videos -> questions.

Layout: one spreadsheet (`surgeons_annotations.xlsx`, `cholec80-CVS.xlsx`, or the same as CSV) with a row of names and the columns
video (1 to 80), initial_minute, initial_second, final_minute, final_second, and the grades two_structures, cystic_plate and
hepatocystic_triangle (0, 1 or 2), among others. Names read in the authors' own scripts (ManuelRios18/CHOLEC80-CVS-PUBLIC);
never run on the real file, which is said to hold three stretches that end before they begin. Rios et al., Scientific Data 10
(2023) 194.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from medgrpo.core import DataError
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import Clip, critical_view, rate_for
from medgrpo.sources.rows import csv_rows, finite_number
from medgrpo.sources.spreadsheet import read_rows
from medgrpo.tasks import CRITERIA

FRAMES_PER_SECOND = 25
"""Cholec80's videos."""
HELD_OUT = frozenset({5, 6, 7, 9, 14, 22, 24, 26, 29, 33, 35, 39, 53, 55, 61})
"""The test videos of the authors' fixed split (get_training_sets.py of their repository)."""
_TIMES = ("initial_minute", "initial_second", "final_minute", "final_second")
_GRADES = {name.lower().replace(" ", "_"): name for name in CRITERIA}
_COLUMNS = ("video", *_TIMES, *_GRADES)


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in (".xlsx", ".csv")] if folder.is_dir() else []
    if not paths:
        raise DataError(folder, "holds no Cholec80-CVS annotation: expected surgeons_annotations.xlsx or .csv")
    for path in paths:
        seen: dict[tuple[object, ...], str] = {}
        for place, row in _csv(path) if path.suffix == ".csv" else _sheet(path):
            try:
                clip, grades = _read(row)
                key = (clip.video, clip.start_seconds, clip.end_seconds)
                if key in seen:
                    raise ValueError(f"the stretch is that of {seen[key]} again")
                seen[key] = place
            except ValueError as error:
                yield Problem(path, place, str(error))
                continue
            yield critical_view(clip, grades)


def _csv(path: Path) -> Iterator[tuple[str, dict[str, str] | str]]:
    for line, row in csv_rows(path, _COLUMNS):
        yield f"line {line}", row


def _sheet(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    rows = read_rows(path)
    names = {column: name.strip() for column, name in rows[0].items()} if rows else {}
    missing = [name for name in _COLUMNS if name not in names.values()]
    if missing:
        raise DataError(path, f"row 1: no column {missing[0]!r}")
    for number, row in enumerate(rows[1:], 2):
        if row:
            yield f"row {number}", {names[column]: value for column, value in row.items() if column in names}


def _read(row: Mapping[str, str] | str) -> tuple[Clip, dict[str, int]]:
    if isinstance(row, str):
        raise ValueError(row)
    empty = [name for name in _COLUMNS if not row.get(name, "").strip()]
    if empty:
        raise ValueError(f"{empty[0]} is empty")
    video = _whole(row, "video", 1, 80)
    first_minute, first_second, last_minute, last_second = (finite_number(row, name) for name in _TIMES)
    start, end = 60 * first_minute + first_second, 60 * last_minute + last_second
    if min(first_minute, first_second, last_minute, last_second) < 0:
        raise ValueError("a negative time")
    if end <= start:
        raise ValueError(f"a stretch must end after it begins, got {start:g} to {end:g} s")
    grades = {name: _whole(row, column, 0, 2) for column, name in _GRADES.items()}
    bounds = ClipBounds("frame", str(math.floor(start * FRAMES_PER_SECOND)), str(math.floor(end * FRAMES_PER_SECOND)))
    rate = rate_for(end - start)
    return Clip("Cholec80-CVS", f"video{video:02d}", video not in HELD_OUT, start, end, rate=rate, bounds=bounds), grades


def _whole(row: Mapping[str, str], column: str, lowest: int, highest: int) -> int:
    value = finite_number(row, column)
    if value != int(value) or not lowest <= value <= highest:
        raise ValueError(f"{column} must be a whole number from {lowest} to {highest}, got {row[column]!r}")
    return int(value)


CHOLEC80_CVS = Source(
    SourceCard(
        name="Cholec80-CVS",
        licence="as stated at figshare (not checked); the videos are Cholec80's, non-commercial",
        where="figshare, collection 5880458 (the spreadsheet)",
        tasks=("critical_view",),
        left_out="nothing; `train` is false for the test videos of the authors' split",
        on_real_files=False,
    ),
    _records,
)
