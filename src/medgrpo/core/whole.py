"""Files and folders that appear whole or not at all: written under a hidden name beside their place, then given their own.

A reader never meets half a file, a kill leaves what was there before, and an error leaves nothing behind. An OSError is passed on:
whoever writes knows what to say of it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def hidden_name(path: Path, *, ending: bool = False, process: bool = False) -> str:
    """The name under which `path` is written. `ending`: with its ending, for writers that go by it; `process`: with the process's
    number, where several may write the same file at once."""
    name = f".{path.stem if ending else path.name}{f'.{os.getpid()}' if process else ''}.unfinished"
    return name + path.suffix if ending else name


@contextmanager
def whole_file(
    path: Path, *, durable: bool = False, ending: bool = False, process: bool = False, aside: Path | None = None
) -> Generator[Path]:
    """Where to write what then becomes `path`. `durable`: it is on the disk before it takes the name. `aside`: another folder of
    the same disk to write in, by default its own."""
    hidden = (aside or path.parent) / hidden_name(path, ending=ending, process=process)
    try:
        yield hidden
        if durable:
            with hidden.open("rb") as stream:
                os.fsync(stream.fileno())
        hidden.replace(path)
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes | str, *, durable: bool = False, aside: Path | None = None) -> None:
    """A file's whole content; text as UTF-8, its line ends as they are."""
    with whole_file(path, durable=durable, aside=aside) as hidden:
        hidden.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_folder(out: Path) -> Generator[Path]:
    """A hidden folder to fill, which takes the name `out` when the block ends well; what a kill left under the hidden name goes."""
    hidden = out.with_name(hidden_name(out))
    if hidden.exists():
        shutil.rmtree(hidden)
    hidden.mkdir(parents=True)
    try:
        yield hidden
        hidden.replace(out)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
