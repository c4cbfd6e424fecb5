"""People's answers on their way from a console to the process that watches: files in the case's folder, each whole or not there.

The watching process alone writes the record. A console leaves an answer as a file, the session takes it at its next look,
records it and only then removes it: an answer survives the end of either process, and is recorded at least once. One that is
found after a restart is about alerts that no longer stand; it is recorded as refused, not dropped.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from pydantic import Field, ValidationError

from medgrpo.core import Config, RecordError, write_whole

FOLDER = "inbox"
_NAME = re.compile(r"\d{20}-[0-9a-f]{32}\.json")
_MOST_BYTES = 16 << 10


class Answer(Config):
    """`dismissed_because` None: the alert is acknowledged. `id`: 32 hexadecimal digits that whoever sends it chooses."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    alert: str = Field(max_length=40)
    by: str = Field(min_length=1, max_length=200)
    dismissed_because: str | None = Field(default=None, max_length=1000)


def leave_answer(case_dir: Path, answer: Answer) -> None:
    """Put it where the session of that case looks. RecordError when the disk refuses."""
    folder = case_dir / FOLDER
    name = f"{time.time_ns():020d}-{answer.id}.json"
    try:
        folder.mkdir(exist_ok=True)
        write_whole(folder / name, answer.model_dump_json(), durable=True)
    except OSError as error:
        raise RecordError(f"{folder}: the answer cannot be left there: {error.strerror or error}") from error


class Inbox:
    """The session's side."""

    def __init__(self, case_dir: Path) -> None:
        self._folder = case_dir / FOLDER

    def waiting(self) -> list[tuple[Path, Answer | str]]:
        """Each answer with its file, in the order they were left; what is wrong with it in words where it cannot be read."""
        try:
            paths = sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RecordError(f"{self._folder}: cannot be read: {error.strerror or error}") from error
        return [(path, _read(path)) for path in paths]

    def done(self, path: Path) -> None:
        """It stands in the record: its file goes."""
        path.unlink(missing_ok=True)


def _read(path: Path) -> Answer | str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        return Answer.model_validate_json(data) if len(data) <= _MOST_BYTES else f"{path.name}: larger than an answer is"
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    except OSError as error:
        return f"{path.name}: cannot be read: {error.strerror or error}"
