"""Files that only grow: one record per line, each handed to the disk before the next."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from medgrpo.core import Config, InputError


def append_line(path: Path, record: Config) -> None:
    """Append the record; a line that an earlier crash cut off is dropped first. InputError when the disk refuses.

    The file is locked meanwhile, so that processes may share it: a line that another one is writing is not cut off.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            _drop_torn_end(stream.fileno())
            stream.write(record.model_dump_json().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be written: {error.strerror}") from error


def _drop_torn_end(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    whole = size
    while whole:
        piece = os.pread(descriptor, min(65536, whole), max(0, whole - 65536))
        last = piece.rfind(b"\n")
        if last >= 0:
            whole = whole - len(piece) + last + 1
            break
        whole -= len(piece)
    if whole < size:
        os.ftruncate(descriptor, whole)
