"""The append-only record of a case: anyone may write to its end, nobody may edit it unseen.

`folder/000001.jsonl`, `000002.jsonl` ... hold one entry a line; `folder/head.json` the latest signed head, which is also in the
chain. Each entry is handed to the operating system before `append` returns, so a killed process loses at most the line being
written; it reaches the disk within a second, at once where it is said to be durable. A disk that refuses does not stop the
caller for good: what could not be written is counted, and the next entry that fits is preceded by one that tells of the gap.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from medgrpo.audit.entry import Entry
from medgrpo.audit.head import Head, write_head
from medgrpo.audit.keys import SigningKey
from medgrpo.audit.tail import held, segment_name, taken_up, times_resumed
from medgrpo.core import RecordError

OPENED, RESUMED, STOPPED, CLOSED, HEAD, GAP = "opened", "resumed", "stopped", "closed", "head", "gap"
"""Kinds that the journal itself writes; all others are the caller's."""
DONE = "done"
"""Why a record is closed, unless `ends` says otherwise: what was watched has ended."""
_SYNC_SECONDS = 1.0

Times = Callable[[], tuple[str, float]]
"""Gives the wall time (UTC, ISO 8601) and the monotonic seconds of now."""


class Journal:
    """A record under way. Use as a context manager: leaving it closes the record, for the reason that `ends` was told (DONE
    otherwise); an error leaves it open, with a last entry that names the error, so that the same case can be gone on with.

    `about` is written into the first entry: versions, settings, where the video comes from. An unfinished record in the folder is
    gone on with, whatever cut it off; a closed one is refused, and so is one that another writer has (ConflictError), in whatever
    process: nothing of it is changed.
    """

    def __init__(
        self,
        folder: Path,
        key: SigningKey,
        times: Times,
        about: Mapping[str, Any],
        *,
        head_every: int = 50,
        rotate_bytes: int = 16 << 20,
    ) -> None:
        self.folder, self.missed = folder, 0
        self._key, self._times, self._head_every, self._rotate_bytes = key, times, head_every, rotate_bytes
        self._since_head, self._synced_at = 0, float("-inf")
        self._dirty_from: int | None = None
        self._why = DONE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._held = held(folder)
        except OSError as error:
            raise RecordError(f"{folder}: the record cannot be opened: {error.strerror or error}") from error
        try:
            self._take_up(about)
        except BaseException:
            self._held.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close(self._why)
            return
        try:
            self.append(STOPPED, {"error": kind.__name__, "why": str(error)}, durable=True)
            self.sign()
        finally:
            self.leave()

    def ends(self, why: str) -> None:
        """The reason with which leaving it will close the record."""
        self._why = why

    @property
    def counter(self) -> int:
        """Of the last entry."""
        return self._counter

    def append(self, kind: str, body: Mapping[str, Any], *, durable: bool = False) -> Entry:
        """Write an entry. RecordError when the disk refuses: it is counted in `missed`, and the chain stays whole.

        ValueError when the body cannot be JSON.
        """
        wall, monotonic_seconds = self._times()
        entry, line = Entry.made(self._counter + 1, wall, monotonic_seconds, kind, body, self._previous)
        try:
            if self.missed:
                told, gap = Entry.made(self._counter + 1, wall, monotonic_seconds, GAP, {"missed": self.missed}, self._previous)
                self._put(gap, told)
                self.missed = 0
                entry, line = Entry.made(self._counter + 1, wall, monotonic_seconds, kind, body, self._previous)
            self._put(line, entry)
            if durable or monotonic_seconds - self._synced_at >= _SYNC_SECONDS:
                os.fsync(self._stream.fileno())
                self._synced_at = monotonic_seconds
        except OSError as error:
            self.missed += 1
            raise RecordError(f"{self.folder}: entry {entry.counter} ({kind}) is not written: {error.strerror or error}") from error
        self._since_head += 1
        if self._since_head >= self._head_every and kind not in (HEAD, CLOSED):
            self.sign()
        return entry

    def sign(self) -> Head:
        """Sign what stands so far, in the chain and beside it. RecordError when the disk refuses."""
        self._since_head = 0
        head = Head.signed(self._counter, self._previous, False, self._key)
        self.append(HEAD, head.written(), durable=True)
        return self._write_head(closed=False)

    def close(self, why: str) -> Head:
        """The last entry and the closing head; the record takes no more. RecordError when the disk refuses."""
        try:
            self.append(CLOSED, {"why": why}, durable=True)
            return self._write_head(closed=True)
        finally:
            self.leave()

    def leave(self) -> None:
        """Leave the record open, to be gone on with: what a crash would do, without the loss."""
        self._stream.close()
        self._held.close()

    def _take_up(self, about: Mapping[str, Any]) -> None:
        folder = self.folder
        try:
            end = taken_up(folder)
            self._counter, self._previous, self._number = end.counter, end.digest, max(1, end.number)
            self.run = 1 if end.counter < 0 else 2 + times_resumed(folder)
            """Which process writes this record: the one that opened it is the first. No two have the same number, as each that
            goes on with it writes `resumed` to the disk before anything else, or does not begin."""
            if end.closed:
                raise RecordError(f"{folder}: this record is closed: give another folder for another case")
            self._stream = self._opened_file()
        except OSError as error:
            raise RecordError(f"{folder}: the record cannot be opened: {error.strerror or error}") from error
        if self._counter < 0:
            self.append(OPENED, {**about, "public_key": self._key.public.hexadecimal, "format": "medgrpo-record/1"}, durable=True)
        else:
            self.append(RESUMED, {**about, "torn_bytes": end.torn_bytes, "public_key": self._key.public.hexadecimal}, durable=True)
        self.sign()

    def _write_head(self, closed: bool) -> Head:
        head = Head.signed(self._counter, self._previous, closed, self._key)
        try:
            write_head(self.folder, head)
        except OSError as error:
            raise RecordError(f"{self.folder}: its head is not written: {error.strerror or error}") from error
        return head

    def _put(self, line: bytes, entry: Entry) -> None:
        """The whole line or nothing of it; what a refused write left behind is taken back before the next."""
        if self._dirty_from is not None:
            os.ftruncate(self._stream.fileno(), self._dirty_from)
            self._dirty_from = None
        size = os.fstat(self._stream.fileno()).st_size
        if size and size + len(line) > self._rotate_bytes:
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._number += 1
            self._stream, size = self._opened_file(), 0
        self._dirty_from = size
        rest = line
        while rest:
            rest = rest[os.write(self._stream.fileno(), rest) :]
        self._dirty_from = None
        self._counter, self._previous = entry.counter, entry.digest

    def _opened_file(self) -> FileIO:
        return (self.folder / segment_name(self._number)).open("ab", buffering=0)
