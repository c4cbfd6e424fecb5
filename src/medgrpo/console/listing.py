"""Which cases there are, and how each stands, by the newest entry of its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from medgrpo.audit import newest_entry
from medgrpo.core import RecordError

SILENT_SECONDS = 3.0
"""A watching process writes at least every half second; when nothing has come for so long, it is not there any more."""


class Standing(StrEnum):
    """Of a case: `texts/*.toml` has a word for each under `cases`."""

    LIVE = "live"
    SILENT = "silent"
    STOPPED = "stopped"
    CLOSED = "closed"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Listed:
    """`newest`: UTC time of the newest entry, ISO 8601 without fractions; empty where it cannot be read."""

    name: str
    standing: Standing
    newest: str


def listed(cases: Path) -> list[Listed]:
    """Every folder with a record, the newest first."""
    found = [_listed(path) for path in cases.iterdir() if (path / "record").is_dir()]
    return sorted(found, key=lambda case: (case.newest, case.name), reverse=True)


def standing_of(kind: str, wall: str, now: datetime) -> Standing:
    """From a record's newest entry: its kind and its time of day."""
    return standing_after(kind, (now - datetime.fromisoformat(wall)).total_seconds())


def standing_after(kind: str, age_seconds: float) -> Standing:
    """From the kind of a record's newest entry, and how long ago it was written."""
    if kind == "closed":
        return Standing.CLOSED
    if age_seconds <= SILENT_SECONDS:
        return Standing.LIVE
    return Standing.STOPPED if kind == "stopped" else Standing.SILENT


def _listed(path: Path) -> Listed:
    try:
        newest = newest_entry(path / "record")
    except RecordError:
        return Listed(path.name, Standing.DAMAGED, "")
    if newest is None:
        return Listed(path.name, Standing.SILENT, "")
    return Listed(path.name, standing_of(newest.kind, newest.wall, datetime.now(UTC)), newest.wall[:19])
