"""Files of a case: whole or not there, and never one in place of another, however often the case was gone on with."""

from __future__ import annotations

import os
from pathlib import Path


def unused(folder: Path, stem: str) -> str:
    """That stem, or with -2, -3 ... where a file of that stem is there already. It may be from before a case was gone on with."""
    taken = {path.stem for path in folder.iterdir()} if folder.is_dir() else set[str]()
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def write_whole(path: Path, data: bytes) -> None:
    """OSError when it cannot be written; then nothing is there."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
