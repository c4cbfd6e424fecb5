"""A model's replies, kept from one run to the next: a build that was stopped asks nothing twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from medgrpo.core import Config
from medgrpo.library.appending import append_line
from medgrpo.library.proposals import ClaimModel
from medgrpo.library.store import read_lines


class _Reply(Config):
    key: str
    reply: str


class Replies:
    """The replies about one document, in one file that grows by a line for each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = read_lines(path, _Reply, torn_end=True) if path.exists() else ()
        self._known = {line.key: line.reply for line in lines}

    def answer(self, model: ClaimModel, prompt: str) -> str:
        """The reply to this prompt, asked for only if it is not known."""
        key = hashlib.sha256(f"{model.name}\x1f{prompt}".encode()).hexdigest()
        if key not in self._known:
            self._known[key] = model.complete(prompt)
            append_line(self._path, _Reply(key=key, reply=self._known[key]))
        return self._known[key]
