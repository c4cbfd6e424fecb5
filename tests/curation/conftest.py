"""A made AVOS folder: open surgery without pictures, enough of it that every kind of question occurs."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest


def _make_avos(folder: Path, videos: int = 40, seed: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    rows = ["video_id,labeler_1,labeler_2,labeler_3,label,duration,start_seconds,end_seconds"]
    table = ["video_id,duration_seconds"]
    for number in range(videos):
        at, name = 0, f"v{seed}-{number:03d}"
        for _ in range(rng.randint(3, 14)):
            label, length = rng.choice(["cutting", "tying", "suturing", "background"]), rng.randint(4, 60)
            rows.append(f"{name},,,,{label},{length},{at},{at + length}")
            at += length
        table.append(f"{name},{at + 5}")
    (folder / "segments.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "videos.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def make_avos() -> Callable[..., Path]:
    return _make_avos


@pytest.fixture
def avos(tmp_path: Path) -> Path:
    return _make_avos(tmp_path / "avos")
