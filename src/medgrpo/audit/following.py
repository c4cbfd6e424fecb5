"""Reading a record while it is being written, from any process: what has come since the last time."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, cast

from medgrpo.audit.entry import FIRST, Entry
from medgrpo.audit.tail import files_of, segment_name
from medgrpo.core import RecordError

_MOST_BYTES = 4 << 20
_STEP_BYTES = 1 << 16


class Follower:
    """Whole lines only, in order, across files. That every entry follows from the one before is checked, digests and signatures
    are not (0.7 ms an entry, which a console that opens hours of record cannot wait for): `verify` is for that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number: int | None = None
        self._offset, self._next = 0, 0
        self._previous: str = FIRST

    def read(self, most_bytes: int = _MOST_BYTES) -> list[Entry]:
        """What is new, about so many bytes at most; empty when there is nothing. RecordError when it is no record's next entry."""
        try:
            if self._number is None:
                files = files_of(self.folder)
                if not files:
                    return []
                self._number = int(files[0].stem)
            entries = self._read_file(self._number, most_bytes)
            if not entries and (self.folder / segment_name(self._number + 1)).exists():
                entries = self._read_file(self._number, most_bytes)  # what came between the two looks
                if not entries:
                    self._number, self._offset = self._number + 1, 0
                    entries = self._read_file(self._number, most_bytes)
        except OSError as error:
            raise RecordError(f"{self.folder}: cannot be read: {error.strerror or error}") from error
        return entries

    def _read_file(self, number: int, most_bytes: int) -> list[Entry]:
        path = self.folder / segment_name(number)
        with path.open("rb") as stream:
            stream.seek(self._offset)
            data = stream.read(most_bytes)
            if b"\n" not in data and len(data) == most_bytes:
                data += stream.readline()
        whole = data[: data.rfind(b"\n") + 1]
        entries = [self._entry(path, line) for line in whole.splitlines()]
        self._offset += len(whole)
        return entries

    def _entry(self, path: Path, line: bytes) -> Entry:
        try:
            entry = Entry(**cast("dict[str, Any]", json.loads(line)))
        except (ValueError, TypeError, RecursionError) as error:
            raise RecordError(f"{path}: after entry {self._next - 1}: no entry: {error}") from error
        if entry.counter != self._next or entry.previous != self._previous:
            raise RecordError(f"{path}: entry {entry.counter} does not follow from entry {self._next - 1}")
        self._next, self._previous = entry.counter + 1, entry.digest
        return entry


def newest_entry(folder: Path, but: Container[str] = ()) -> Entry | None:
    """The last whole entry whose kind is not among `but`, read from the end; None where there is none yet. RecordError when it
    cannot be read."""
    try:
        for path in reversed(files_of(folder)):
            for line in _from_the_end(path):
                entry = Entry(**cast("dict[str, Any]", json.loads(line)))
                if entry.kind not in but:
                    return entry
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise RecordError(f"{folder}: its newest entry cannot be read: {error}") from error
    return None


def _from_the_end(path: Path) -> Iterator[bytes]:
    """The whole lines of a file, the last first; no more is read than is asked for."""
    with path.open("rb") as stream:
        start, rest, torn = stream.seek(0, 2), b"", True
        while start > 0:
            step = min(start, _STEP_BYTES)
            start = stream.seek(start - step)
            rest, *lines = (stream.read(step) + rest).split(b"\n")
            if torn and lines:
                lines.pop()  # what stands behind the last line break: nothing, or a line that is being written
                torn = False
            yield from reversed(lines)
        if rest and not torn:
            yield rest
