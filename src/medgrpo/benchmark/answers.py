"""Answers on disk: one line each, only ever appended, on the disk before the next is asked. Readable while the run goes on."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import ValidationError, model_validator

from medgrpo.core import Config, DataError, InputError

ANSWERS_NAME = "answers.jsonl"


class Answer(Config):
    """One line: what became of one question. Either `text` (verbatim) or `failure` is set.

    `key` is of the first row that asks it, `asked` the question's hash. `failed_at`: `clip` when its pictures could not be had,
    `model` when the model gave no reply. `lasting`: asking again cannot help. `tries`: how often the model was asked.
    """

    key: str
    place: int
    asked: str
    qa_type: str
    source: str
    text: str | None = None
    finish: Literal["stop", "length"] | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    cost: float | None = None
    frames: int = 0
    tries: int = 1
    failure: str | None = None
    failed_at: Literal["clip", "model"] | None = None
    lasting: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Answer:
        if (self.text is None) == (self.failure is None) or (self.failure is None) != (self.failed_at is None):
            raise ValueError("a line holds a text or a failure with its place")
        return self

    @property
    def settled(self) -> bool:
        """True where a later run has nothing to ask: answered, or failed in a way that lasts."""
        return self.failure is None or (self.lasting and self.failed_at == "model")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file of answers holds: the last line of each question by its hash, and the numbers of lines that are torn."""

    by_asked: dict[str, Answer]
    torn: tuple[int, ...]
    lines: int


def read_answers(path: Path) -> Stored:
    """A line that a kill cut off is counted, never guessed at. DataError when a whole line is no answer, or answers twice."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Stored({}, (), 0)
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error
    by_asked: dict[str, Answer] = {}
    torn: list[int] = []
    lines = raw.split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            answer = Answer.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            if first["type"] == "json_invalid":
                torn.append(number)
                continue
            raise DataError(f"{path}:{number}", f"is no answer ({first['msg']})") from error
        earlier = by_asked.get(answer.asked)
        if earlier is not None and earlier.settled:
            raise DataError(f"{path}:{number}", f"answers {answer.key} for the second time")
        by_asked[answer.asked] = answer
    if lines[-1]:
        torn.append(len(lines))
    return Stored(by_asked, tuple(torn), len(lines) - 1)


class AnswerFile:
    """The file of one run while it is written; no other process can write it at the same time. Use as a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._stream = path.open("ab+", buffering=0)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._stream.close()
            raise InputError(f"{path}: another process is writing it; wait for it, or give another folder with --out") from error
        self._close_torn_line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.close()

    def append(self, answers: Sequence[Answer]) -> None:
        """On the disk when this returns. InputError when the disk refuses."""
        self._write(b"".join(answer.model_dump_json().encode() + b"\n" for answer in answers))

    def _close_torn_line(self) -> None:
        """What a kill cut off stays to be seen, on a line of its own."""
        size = os.fstat(self._stream.fileno()).st_size
        if size and os.pread(self._stream.fileno(), 1, size - 1) != b"\n":
            self._write(b"\n")

    def _write(self, data: bytes) -> None:
        try:
            while data:  # an unbuffered write may take only a part
                data = data[self._stream.write(data) :]
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written: {error.strerror}") from error


def settled(stored: Stored, asked: Iterable[str]) -> int:
    """How many of the questions need not be asked again."""
    return sum(1 for one in asked if one in stored.by_asked and stored.by_asked[one].settled)
