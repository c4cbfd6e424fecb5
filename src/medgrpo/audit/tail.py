"""The files of a record, and where an unfinished one is taken up again."""

from __future__ import annotations

import fcntl
import re
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from medgrpo.audit.entry import FIRST, Entry
from medgrpo.core import ConflictError, RecordError

_NAME = re.compile(r"\d{6,}\.jsonl")


@dataclass(frozen=True, slots=True)
class End:
    """The last whole entry (counter -1 where there is none), its file, and what of a torn line behind it was cut off."""

    counter: int
    digest: str
    number: int
    closed: bool
    torn_bytes: int


def segment_name(number: int) -> str:
    return f"{number:06d}.jsonl"


def files_of(folder: Path) -> list[Path]:
    """The record's files in order of their numbers."""
    return sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), key=lambda path: int(path.stem))


def record_in(folder: Path) -> Path:
    """The record's own folder: the one given, or `record` in it where that of a case was given, which holds no entries itself."""
    inside = folder / "record"
    return inside if inside.is_dir() and not files_of(folder) else folder


def held(folder: Path) -> FileIO:
    """The record is its caller's to write until this is closed, by the caller or by the death of its process. ConflictError when
    another writer has it; nothing is written then. It is the first file that is locked, so that no record holds a file more."""
    files = files_of(folder)
    stream = (files[0] if files else folder / segment_name(1)).open("ab", buffering=0)
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        raise ConflictError(
            f"{folder}: another process is writing this record: end that one first, or give another folder for another case"
        ) from None
    except OSError:
        stream.close()
        raise
    return stream


def taken_up(folder: Path) -> End:
    """Cut a torn line off the last file and say where the record ends. RecordError when its last whole line is no entry."""
    files = files_of(folder)
    torn = 0
    for path in reversed(files):
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        torn += len(data) - whole
        if len(data) > whole:
            with path.open("r+b") as stream:
                stream.truncate(whole)
        if whole:
            line = data[data.rfind(b"\n", 0, whole - 1) + 1 : whole]
            try:
                entry = Entry.read(line)
            except ValueError as error:
                place = data.count(b"\n", 0, whole)
                raise RecordError(f"{path}: line {place} is damaged ({error}): nothing is added to such a record") from error
            return End(entry.counter, entry.digest, int(path.stem), entry.kind in ("closed", "deleted"), torn)
    return End(-1, FIRST, int(files[0].stem) if files else 0, closed=False, torn_bytes=torn)


def times_resumed(folder: Path) -> int:
    """How often the record was gone on with, at least: a line that only quotes such an entry may be counted with them, so this
    never falls short and never goes back."""
    count = 0
    for path in files_of(folder):
        with path.open("rb") as stream:
            count += sum(b'"kind":"resumed"' in line for line in stream)
    return count
