"""Which questions and where their pictures lie: lmms-eval's task files cannot say it, so the environment does."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from medgrpo.benchmark import Pictures, Row, read_rows
from medgrpo.core import InputError

DATA, FRAMES, VIDEOS = "MEDGRPO_MEDVIDBENCH", "MEDGRPO_FRAMES", "MEDGRPO_VIDEOS"


def questions() -> tuple[Row, ...]:
    """All rows of the file that MEDGRPO_MEDVIDBENCH names. InputError when it names none."""
    path = os.environ.get(DATA)
    if not path:
        raise InputError(f"{DATA} is not set: it names the file of questions in MedVidBench's form (docs/lmms-eval.md)")
    return _rows(path)


def pictures() -> Pictures:
    """From MEDGRPO_FRAMES (FROM=TO, several with commas) and MEDGRPO_VIDEOS (a folder)."""
    moved: dict[str, str] = {}
    for pair in filter(None, os.environ.get(FRAMES, "").split(",")):
        old, equals, new = pair.partition("=")
        if not (old and equals and new):
            raise InputError(f"{FRAMES}: FROM=TO is needed, not {pair!r}")
        moved[old] = new
    videos = os.environ.get(VIDEOS)
    return Pictures(moved, Path(videos) if videos else None)


@lru_cache(maxsize=2)
def _rows(path: str) -> tuple[Row, ...]:
    return tuple(read_rows(Path(path)))
