"""A model's folder that appears whole or not at all."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from medgrpo.core import InputError, whole_folder


@contextmanager
def new_folder(out: Path) -> Generator[Path]:
    """A hidden folder to write into, which takes the name `out` when the `with` block ends well; after an error nothing is left.

    InputError when `out` is there already."""
    if out.exists():
        raise InputError(f"{out}: is already there; give a new folder")
    with whole_folder(out) as unfinished:
        yield unfinished
