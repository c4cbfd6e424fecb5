"""JIGSAWS: exercises on a surgical robot with a skill rating each -> questions.

Layout: a folder per task (Suturing, Knot_Tying, Needle_Passing) with `meta_file_TASK.txt`, blank-separated: trial,
self-proclaimed level (N, I, E), total (GRS), then the six grades of 1 to 5 in the order of `medgrpo.tasks.ASPECTS`;
`transcriptions/TRIAL.txt`: first frame, last frame, gesture (G1 to G15), 30 frames a second; `video/TRIAL_capture1.avi`. Known from
public readers of it; the data set itself comes by signed form and was not at hand. Gao et al., M2CAI workshop at MICCAI 2014. A
trial of which no gesture is transcribed has no bounds, and no question is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from medgrpo.core import DataError
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import Clip, rate_for, skill
from medgrpo.tasks import ASPECTS

FRAMES_PER_SECOND = 30
_GESTURE = re.compile(r"G(?:[1-9]|1[0-5])")


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    paths = sorted(folder.glob("*/meta_file_*.txt"))
    if not paths:
        raise DataError(folder, "holds no JIGSAWS ratings: expected Suturing/meta_file_Suturing.txt")
    for path in paths:
        seen: set[str] = set()
        for line, text in _lines(path):
            try:
                trial, level, grades = _rating(text)
                if trial in seen:
                    raise ValueError(f"{trial} occurs twice")
                seen.add(trial)
            except ValueError as error:
                yield Problem(path, f"line {line}", str(error))
                continue
            wrong, bounds = _bounds(path.parent / "transcriptions" / f"{trial}.txt")
            yield from wrong
            if bounds is not None:
                first, last = bounds
                start, end = first / FRAMES_PER_SECOND, (last + 1) / FRAMES_PER_SECOND
                place = ClipBounds("input_video_frame", str(first), str(last))
                clip = Clip("JIGSAWS", trial, False, start, end, rate=rate_for(end - start), bounds=place)
                yield skill(clip, grades, level)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot be read ({error})") from error
    for number, line in enumerate(content.splitlines(), 1):
        text = line.decode("utf-8-sig", errors="backslashreplace").strip()
        if text:
            yield number, text


def _rating(text: str) -> tuple[str, str, dict[str, int]]:
    trial, *rest = text.split()
    if len(rest) != 2 + len(ASPECTS) or not re.fullmatch(r"[A-Za-z_]+_[A-Z]\d{3}", trial):
        raise ValueError(f"expected a trial, a level, a total and {len(ASPECTS)} grades, got {text[:80]!r}")
    level, *numbers = rest
    if level not in ("N", "I", "E"):
        raise ValueError(f"{trial}: level {level!r} is none of N, I, E")
    if not all(number.isascii() and number.isdecimal() for number in numbers):
        raise ValueError(f"{trial}: total and grades must be whole numbers, got {' '.join(numbers)[:60]}")
    total, *grades = map(int, numbers)
    if not all(1 <= grade <= 5 for grade in grades):
        raise ValueError(f"{trial}: grades must be 1 to 5, got {grades}")
    if sum(grades) != total:
        raise ValueError(f"{trial}: the grades add up to {sum(grades)}, but the total is {total}")
    return trial, level, dict(zip(ASPECTS, grades, strict=True))


def _bounds(path: Path) -> tuple[list[Problem], tuple[int, int] | None]:
    """What is wrong with a transcription, and its first and last frame, None where it has none."""
    wrong: list[Problem] = []
    spans: list[tuple[int, int]] = []
    try:
        for line, text in _lines(path):
            parts = text.split()
            if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts[:2]):
                wrong.append(Problem(path, f"line {line}", f"expected first frame, last frame, gesture, got {text[:60]!r}"))
            elif not _GESTURE.fullmatch(parts[2]):
                wrong.append(Problem(path, f"line {line}", f"gesture {parts[2][:20]!r} is none of G1 to G15"))
            elif int(parts[0]) > int(parts[1]):
                wrong.append(Problem(path, f"line {line}", f"a gesture must end after it begins, got {parts[0]} to {parts[1]}"))
            else:
                spans.append((int(parts[0]), int(parts[1])))
    except DataError as error:
        return [Problem(path, "the file", f"{error.reason}: no question is made of the trial")], None
    if not spans:
        return [*wrong, Problem(path, "the file", "no gesture: no question is made of the trial")], None
    return wrong, (min(first for first, _ in spans), max(last for _, last in spans))


JIGSAWS = Source(
    SourceCard(
        name="JIGSAWS",
        licence="by signed form, not to be redistributed",
        where="Johns Hopkins University, cirl.lcsr.jhu.edu, by form",
        tasks=("skill_assessment",),
        left_out="trials without a transcription; the data set has no split by video (`train` is false)",
        on_real_files=False,
    ),
    _records,
)
