"""What people do on its way from a console to the process that watches: files in the case's folder, each whole or not there.

Answers to alerts, and what somebody does with a browser's sound. The watching process alone writes the record. A console leaves
either as a file, the session takes it at its next look, records it and only then removes it: it survives the end of either process,
and is recorded at least once. An answer that is found after a restart is about alerts that no longer stand; it is recorded as
refused, not dropped.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

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


class SoundChange(Config):
    """Somebody turned the sound of a browser on or off, paused it for `pause_seconds`, or ended the pause before its time.

    `ago_seconds`: how long before it was sent; a page that could not reach its console says it later."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    sound: Literal["on", "paused", "resumed", "off"]
    by: str = Field(min_length=1, max_length=200)
    pause_seconds: int | None = Field(default=None, ge=1, le=3600)
    ago_seconds: int = Field(default=0, ge=0, le=86400)

    @model_validator(mode="after")
    def _pause_has_a_length(self) -> Self:
        if (self.sound == "paused") is (self.pause_seconds is None):
            raise ValueError("a pause, and nothing else, says for how many seconds")
        return self


def leave_answer(case_dir: Path, answer: Answer | SoundChange) -> None:
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

    def waiting(self) -> list[tuple[Path, Answer | SoundChange | str]]:
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


def _read(path: Path) -> Answer | SoundChange | str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            return f"{path.name}: larger than an answer is"
        found: object = json.loads(data)
        kind = SoundChange if isinstance(found, dict) and "sound" in found else Answer
        return kind.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{path.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (ValueError, RecursionError) as error:
        return f"{path.name}: no JSON: {error}"
    except OSError as error:
        return f"{path.name}: cannot be read: {error.strerror or error}"
