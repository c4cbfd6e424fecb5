"""The resumable state of an analysis that is under way, and the atomic end of one that is done.

`out_dir/.partial/header.json` says what is being analysed; `.partial/looks.txt` grows by one line per look: what is needed to go
on after it (the reading counters and the perceiver's memory), a tab, and the observation's line of `analysis.jsonl`. Each line is
handed to the operating system before the next look, so a kill loses at most the line being written: torn, it is dropped on resume.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from medgrpo.analysis.records import parse_line, record_line
from medgrpo.analysis.settings import AnalysisOptions, Existing, VideoIdentity
from medgrpo.core import Config, InputError, whole_file, write_whole
from medgrpo.perception import Observation
from medgrpo.video import ReadingReport

ANALYSIS_NAME, REPORT_NAME, PARTIAL_NAME = "analysis.jsonl", "report.html", ".partial"


class StateHeader(Config):
    """What must be unchanged for a state to be gone on with."""

    medgrpo_version: str
    model: str
    video: VideoIdentity
    options: AnalysisOptions

    def difference(self, other: StateHeader) -> str | None:
        """The first thing in which the two differ, in words; None where they are the same."""
        if self.video.sha256 != other.video.sha256:
            return f"the video was {self.video.name} with other content"
        for name in AnalysisOptions.model_fields:
            ours, theirs = getattr(self.options, name), getattr(other.options, name)
            if ours != theirs:
                return f"{name.replace('_', ' ')} was {ours}, now {theirs}"
        if self.model != other.model:
            return f"it was seen by {self.model}, now {other.model}"
        if self.medgrpo_version != other.medgrpo_version:
            return f"it was made by medgrpo {self.medgrpo_version}, this is {other.medgrpo_version}"
        return None


@dataclass(frozen=True, slots=True)
class StoredLook:
    """One look and what is needed to go on after it."""

    observation: Observation
    reading: ReadingReport
    perceiver_memory: str


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Turns a full disk, a missing permission and the like into one clear line."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be written: {error.strerror}") from error


class State:
    """One output folder while it is being filled. Use as a context manager: it closes its file."""

    def __init__(self, out_dir: Path, header: StateHeader) -> None:
        self.out_dir, self.header = out_dir, header
        self._made_folder = not out_dir.exists()
        self._partial = out_dir / PARTIAL_NAME
        self._looks = self._partial / "looks.txt"
        with writing(out_dir):
            self._partial.mkdir(parents=True, exist_ok=True)
            header_path = self._partial / "header.json"
            if not header_path.exists():
                self._looks.unlink(missing_ok=True)
                write_whole(header_path, header.model_dump_json(indent=1))
            self._drop_torn_line()
            self._stream = self._looks.open("ab", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.close()

    def stored(self) -> Iterator[StoredLook]:
        """The looks of an earlier run, in their order."""
        for number, line in enumerate(self._lines(), start=1):
            going_on, _, record = line.partition(b"\t")
            try:
                observation, (*counters, memory) = parse_line(record), json.loads(going_on)
                reading = ReadingReport(*counters)
            except (ValueError, TypeError) as error:
                raise InputError(f"{self._looks}: line {number} is damaged: use --force to start again") from error
            if not isinstance(observation, Observation):
                raise InputError(f"{self._looks}: line {number} is not a look: use --force to start again")
            yield StoredLook(observation, reading, memory)

    def append(self, look: StoredLook) -> None:
        line = json.dumps([*astuple(look.reading), look.perceiver_memory]).encode() + b"\t" + record_line(look.observation)
        with writing(self._looks):
            while line:  # an unbuffered write may take only a part
                line = line[self._stream.write(line) :]

    def observation_lines(self) -> Iterator[bytes]:
        """The stored looks as lines of `analysis.jsonl`."""
        for line in self._lines():
            yield line.partition(b"\t")[2]

    def finish(self, analysis: Callable[[], Iterator[bytes]], report_html: str) -> tuple[Path, Path]:
        """Make the two files appear, each complete, the analysis last; then forget the state."""
        analysis_path, report_path = self.out_dir / ANALYSIS_NAME, self.out_dir / REPORT_NAME
        with writing(self.out_dir):
            _appear(report_path, self._partial, iter([report_html.encode()]))
            _appear(analysis_path, self._partial, analysis())
            self._stream.close()
            shutil.rmtree(self._partial)
        return analysis_path, report_path

    def discard(self) -> None:
        """Leave nothing behind of an analysis that never saw a frame."""
        self._stream.close()
        clear_partial(self.out_dir)
        if self._made_folder and not any(self.out_dir.iterdir()):
            self.out_dir.rmdir()

    def _lines(self) -> Iterator[bytes]:
        with self._looks.open("rb") as stream:
            yield from stream

    def _drop_torn_line(self) -> None:
        if not self._looks.exists():
            return
        with self._looks.open("r+b") as stream:
            whole = 0
            for line in stream:
                whole += len(line) if line.endswith(b"\n") else 0
            stream.truncate(whole)


def _appear(path: Path, partial: Path, parts: Iterator[bytes]) -> None:
    with whole_file(path, durable=True, aside=partial) as unfinished, unfinished.open("wb") as stream:
        stream.writelines(parts)


def stored_header(out_dir: Path) -> StateHeader | None:
    """The header of a state that was left behind; None where there is none."""
    path = out_dir / PARTIAL_NAME / "header.json"
    try:
        return StateHeader.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise InputError(f"{path}: is damaged or of another version of medgrpo: use --force to start again") from error


def clear(out_dir: Path) -> None:
    """Remove what an analysis wrote there, and nothing else."""
    with writing(out_dir):
        for name in (ANALYSIS_NAME, REPORT_NAME):
            (out_dir / name).unlink(missing_ok=True)
    clear_partial(out_dir)


def clear_partial(out_dir: Path) -> None:
    """Forget a state, where there is one."""
    with writing(out_dir):
        if (out_dir / PARTIAL_NAME).exists():
            shutil.rmtree(out_dir / PARTIAL_NAME)


def refuse_existing(out_dir: Path, existing: Existing) -> None:
    """InputError when the folder holds an analysis and nobody said what to do with it. Costs nothing: ask it first."""
    if out_dir.exists() and not out_dir.is_dir():
        raise InputError(f"{out_dir}: is a file, and the results need a folder of that name: choose another with --out")
    if existing is not Existing.REFUSE:
        return
    if (out_dir / ANALYSIS_NAME).exists():
        raise InputError(f"{out_dir}: already holds an analysis: use --force to replace it, or another folder with --out")
    if (out_dir / PARTIAL_NAME).exists():
        raise InputError(f"{out_dir}: holds an unfinished analysis: use --resume to go on with it, or --force to start again")
