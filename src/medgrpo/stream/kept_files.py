"""Files of a case: never one in place of another, however often the case was gone on with."""

from __future__ import annotations

from pathlib import Path


def unused(folder: Path, stem: str) -> str:
    """That stem, or with -2, -3 ... where a file of that stem is there already. It may be from before a case was gone on with."""
    taken = {path.stem for path in folder.iterdir()} if folder.is_dir() else set[str]()
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
