"""Files that a command writes because it was asked to."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from medgrpo.core import InputError, write_whole


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turns a full disk, a missing permission and the like into one clear line."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be written: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """Write it whole or not at all; InputError when it cannot be written."""
    with writing(path):
        write_whole(path, text)
