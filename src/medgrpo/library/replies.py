"""A model's replies, kept from one run to the next: work that was stopped asks nothing twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from medgrpo.core import Config, DataError
from medgrpo.library.appending import append_line
from medgrpo.library.proposals import ClaimModel


class _Reply(Config):
    key: str
    reply: str


class Replies:
    """Replies by key in one file that grows by a line for each; processes may share it (each sees what others have added).

    A last line that a crash cut off is none; DataError names any other damaged line, before anything is asked.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._read_bytes = 0
        self._lines = 0
        self._read_new()

    def get(self, key: str) -> str | None:
        """The reply, verbatim; None where nobody has kept one."""
        if key not in self._known:
            self._read_new()
        return self._known.get(key)

    def keep(self, key: str, reply: str) -> None:
        """On disk before this returns. InputError when the disk refuses."""
        append_line(self._path, _Reply(key=key, reply=reply))
        self._known[key] = reply

    def answer(self, model: ClaimModel, prompt: str) -> str:
        """The reply to this prompt, asked for only if it is not known."""
        key = reply_key(model.name, prompt)
        known = self.get(key)
        if known is None:
            known = model.complete(prompt)
            self.keep(key, known)
        return known

    def _read_new(self) -> None:
        """What the file holds beyond what was read; lines of our own are read once more, which changes nothing."""
        try:
            if not self._path.exists() or self._path.stat().st_size <= self._read_bytes:
                return
            with self._path.open("rb") as stream:
                stream.seek(self._read_bytes)
                for line in stream:
                    if not line.endswith(b"\n"):
                        return
                    self._lines += 1
                    try:
                        held = _Reply.model_validate_json(line)
                    except ValidationError as error:
                        reason = f"line {self._lines} is damaged ({error.errors()[0]['msg']}): remove that line and run again"
                        raise DataError(self._path, reason) from error
                    self._known[held.key] = held.reply
                    self._read_bytes += len(line)
        except OSError as error:
            raise DataError(self._path, f"cannot be read: {error.strerror or error}") from error


def reply_key(*parts: str) -> str:
    """What a reply is kept under: a hash of all that decides it, such as model, version and prompt."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
