"""Processes that watch, started beside the console: each is `medgrpo watch` of its own, so that no page can slow a decision."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from medgrpo.core import InputError
from medgrpo.stream import SystemClock, open_source

_MAIN = "import sys; from medgrpo.cli import main; sys.exit(main())"
_LEAVE_SECONDS = 15.0
"""A watching process that is asked to end closes its record; so long it is waited for."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A source and the folder of its case. What the process says goes into `watch.log` there."""

    source: str
    folder: Path
    process: subprocess.Popen[bytes]


class Watchers:
    """Use as a context manager: leaving it asks every process to end its case, as Ctrl-C would."""

    def __init__(self, cases: Path, sources: Sequence[str]) -> None:
        self._cases, self._sources = cases, tuple(sources)
        self.watched: list[Watched] = []

    def __enter__(self) -> Self:
        """InputError when a source is none, or a process cannot be started."""
        for source in self._sources:
            open_source(source, SystemClock())  # opens nothing yet: says now what the process would only say in its log
        try:
            for place, source in enumerate(self._sources, 1):
                self.watched.append(self._started(source, place))
        except OSError as error:
            self.__exit__(None, None, None)
            raise InputError(f"{self._cases}: a watching process cannot be started: {error.strerror or error}") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for one in self.watched:
            if one.process.poll() is None:
                one.process.terminate()
        for one in self.watched:
            try:
                one.process.wait(_LEAVE_SECONDS)
            except subprocess.TimeoutExpired:
                one.process.kill()

    def _started(self, source: str, place: int) -> Watched:
        folder = self._cases / case_name(source, place, datetime.now(UTC))
        folder.mkdir(parents=True)
        command = [sys.executable, "-c", _MAIN, "watch", source, "--out", str(folder)]
        with (folder / "watch.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return Watched(source, folder, process)


def case_name(source: str, place: int, now: datetime) -> str:
    """From moment and kind of source: never an address, which may hold a password, nor a file's name, which may be a patient's."""
    scheme = re.match(r"[a-z0-9]+(?=://)", source)
    if scheme is not None:
        kind = scheme[0]
    elif source.startswith("/dev/"):
        kind = "camera"
    else:
        kind = "simulator" if source.startswith("simulator") else "file"
    return f"{now:%Y-%m-%d-%H%M%S}-{kind}-{place}"
