"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from medgrpo.core import InputError


@contextmanager
def new_folder(out: Path) -> Generator[Path]:
    """A hidden folder to write into, which takes the name `out` when the `with` block ends well; after an error nothing is left.

    InputError when `out` is there already."""
    if out.exists():
        raise InputError(f"{out}: is already there; give a new folder")
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.replace(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
