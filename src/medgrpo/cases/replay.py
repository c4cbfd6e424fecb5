"""The timeline of a watched case: its recorded looks through the same reasoner with the same thresholds, which gives what was said.

Where it was gone on with, each process counted from 0: here all stand on the one line of the case, as on the live page, and what
lies between two of them is not assessed (nobody was watching).

A look takes a millisecond or two, so an hour some half a minute: the result is kept beside the record (`.timeline.jsonl`), and made
anew when the record has grown or medgrpo has changed. Deleting that file loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

import medgrpo
from medgrpo.analysis import parse_line, record_line, timeline_of, timeline_records
from medgrpo.audit import Entry, attachments, read_entries
from medgrpo.core import DataError, InputError, RecordError, write_whole
from medgrpo.knowledge import load_procedure
from medgrpo.perception import Observation
from medgrpo.reasoning import NOBODY_WATCHED, Coverage, Reasoner, ReasonerConfig, Timeline
from medgrpo.stream import Decision, Site, gone_on_at, reasoner_config

_KEPT = ".timeline.jsonl"
_COVERAGE = TypeAdapter(Coverage)


@dataclass(frozen=True, slots=True)
class Watched:
    """Each of `pictures`: seconds, file, SHA-256, channel, whether it is dimmed."""

    procedure: str
    source: str
    opened: str
    closed: str | None
    said: int
    looks_per_second: float
    medgrpo_version: str
    pictures: tuple[tuple[float, str, str, str, bool], ...]
    timeline: Timeline


def replayed(case: Path) -> Watched:
    """RecordError when a line of the record is damaged, DataError when it is not that of a watched case."""
    read = _Read()
    for entry in _entries(case / "record"):
        read.take(entry)
    if read.first is None:
        raise DataError(case / "record", "holds no entry")
    about = read.first.body
    try:
        site = Site.model_validate(about["site"])
        looks_per_second, source = float(about["looks_per_second"]), str(about["source"])
        holds_seconds = about.get("look_holds_seconds")  # records of before it was told have the design's
    except (KeyError, TypeError, ValidationError) as error:
        raise DataError(case / "record", "its first entry is not that of a watched case (medgrpo watch)") from error
    timeline = _kept(case, read.last)
    if timeline is None:
        timeline = _reasoned(case, read, reasoner_config(site, holds_seconds), site.procedure)
        _keep(case, read.last, timeline)
    return Watched(
        site.procedure,
        source,
        read.first.wall,
        read.closed,
        read.said,
        looks_per_second,
        str(about.get("medgrpo", "unknown")),
        tuple(read.pictures),
        timeline,
    )


class _Read:
    """What is gathered in one pass, in seconds of the case. `looks` are kept as JSON values: they are judged only where the
    timeline is not kept; each with whether it is its process's first after the case was gone on with, and why it said nothing about
    its moment, where it came too late."""

    def __init__(self) -> None:
        self.first: Entry | None = None
        self.last = ""
        self.closed: str | None = None
        self.said, self.end_seconds, self.offset_seconds = 0, 0.0, 0.0
        self.looks: list[tuple[Mapping[str, Any], bool, str | None]] = []
        self._gone_on = False
        self.pictures: list[tuple[float, str, str, str, bool]] = []

    def take(self, entry: Entry) -> None:
        self.first, self.last = self.first or entry, entry.digest
        body = entry.body
        if entry.kind == "closed":
            self.closed = entry.wall
        elif entry.kind == "resumed":
            self.offset_seconds = gone_on_at(self.first.wall, entry.wall, self.end_seconds)
            self._gone_on = True
        elif entry.kind == "tick":
            self.end_seconds = max(self.end_seconds, self._at(body["seconds"]))
            if body["look"] is not None:
                look = body["look"]
                self.looks.append(({**look, "seconds": self._at(look["seconds"])}, self._gone_on, body.get("blind")))
                self._gone_on = False
        elif entry.kind == "summary":
            self.end_seconds = max(self.end_seconds, self._at(body["duration_seconds"]))
        elif entry.kind == "decision" and body["decision"] == Decision.SAID.value:
            self.said += 1
            for picture in attachments(entry):
                told = (picture.file, picture.sha256, str(body["channel"]), bool(body["evidence"].get("dimmed", True)))
                self.pictures.append((self._at(body["seconds"]), *told))

    def _at(self, seconds: float) -> float:
        """A moment of the case, of one of the process that wrote it; the first one's are the case's own, to the last bit."""
        return round(seconds + self.offset_seconds, 6) if self.offset_seconds else float(seconds)


def _entries(record: Path) -> Iterator[Entry]:
    for name, line, entry, torn in read_entries(record):
        if isinstance(entry, Entry):
            yield entry
        elif not torn:
            raise RecordError(f"{record / name}:{line}: {entry}: medgrpo record verify names each fault")


def _looks(case: Path, read: _Read) -> Iterator[tuple[Observation, bool, str | None]]:
    for look, gone_on, blind in read.looks:
        try:
            observation = parse_line(json.dumps(look).encode())
        except ValueError as error:
            raise DataError(case / "record", f"a look of it cannot be read: {error}") from error
        if isinstance(observation, Observation):
            yield observation, gone_on, blind


def _reasoned(case: Path, read: _Read, config: ReasonerConfig, procedure: str) -> Timeline:
    reasoner = Reasoner(load_procedure(procedure), config)
    last = 0.0
    for look, gone_on, blind in _looks(case, read):
        try:
            reasoner.step(look, away=NOBODY_WATCHED if gone_on else None, outrun=blind)
        except InputError as error:
            raise DataError(case / "record", f"{error}: medgrpo record verify names each fault") from error
        last = look.seconds
    return reasoner.revised(reasoner.finish(max(read.end_seconds, last)))


def _kept(case: Path, of: str) -> Timeline | None:
    try:
        lines = (case / _KEPT).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(case / _KEPT, f"cannot be read: {error.strerror}") from error
    head: dict[str, Any] = json.loads(lines[0]) if lines else {}
    if (head.get("of"), head.get("medgrpo"), head.get("records")) != (of, medgrpo.__version__, len(lines) - 1):
        return None
    coverage = _COVERAGE.validate_python(head["coverage"])
    records = [parse_line(line) for line in lines[1:]]
    return timeline_of(records, head["duration_seconds"], coverage, head["domain"], tuple(head["models"]))


def _keep(case: Path, of: str, timeline: Timeline) -> None:
    lines = [record_line(record) for record in timeline_records(timeline)]
    head = {
        "of": of,
        "medgrpo": medgrpo.__version__,
        "records": len(lines),
        "duration_seconds": timeline.duration_seconds,
        "coverage": _COVERAGE.dump_python(timeline.coverage, mode="json"),
        "domain": timeline.domain,
        "models": list(timeline.models),
    }
    try:
        write_whole(case / _KEPT, json.dumps(head).encode() + b"\n" + b"".join(lines), durable=True)
    except OSError as error:
        raise DataError(case, f"its timeline cannot be kept there: {error.strerror or error}") from error
