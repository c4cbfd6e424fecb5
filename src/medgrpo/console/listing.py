"""Which cases there are, and how each stands, by the newest entry of its record that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from medgrpo.audit import CLOSED, DELETED, HEAD, STOPPED, newest_entry
from medgrpo.core import RecordError

SILENT_SECONDS = 3.0
"""A watching process writes at least every half second; when nothing has come for so long, it is not there any more."""
SAYS_NOTHING = (HEAD, DELETED)
"""Kinds of entries after which a case stands as before: a signed head follows on `stopped` too, and files are deleted by rule only
once the case is closed."""


class Standing(StrEnum):
    """Of a case: `texts/*.toml` has a word for each under `cases`."""

    LIVE = "live"
    SILENT = "silent"
    STOPPED = "stopped"
    CLOSED = "closed"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Listed:
    """`newest`: UTC time of the newest entry that says how it stands, ISO 8601 without fractions; empty where none can be read."""

    name: str
    standing: Standing
    newest: str


def listed(cases: Path) -> list[Listed]:
    """Every folder with a record, the newest first; without those that are being deleted, whose names begin with a dot."""
    found = [_listed(path) for path in cases.iterdir() if not path.name.startswith(".") and (path / "record").is_dir()]
    return sorted(found, key=lambda case: (case.newest, case.name), reverse=True)


def standing_of(kind: str, wall: str, now: datetime) -> Standing:
    """From a record's newest entry but SAYS_NOTHING: its kind and its time of day."""
    return standing_after(kind, (now - datetime.fromisoformat(wall)).total_seconds())


def standing_after(kind: str, age_seconds: float) -> Standing:
    """From the kind of a record's newest entry but SAYS_NOTHING, and how long ago the newest was written."""
    ended = {CLOSED: Standing.CLOSED, STOPPED: Standing.STOPPED}.get(kind)
    return ended or (Standing.LIVE if age_seconds <= SILENT_SECONDS else Standing.SILENT)


def _listed(path: Path) -> Listed:
    try:
        newest = newest_entry(path / "record", but=SAYS_NOTHING)
        if newest is None:
            return Listed(path.name, Standing.SILENT, "")
        return Listed(path.name, standing_of(newest.kind, newest.wall, datetime.now(UTC)), newest.wall[:19])
    except (RecordError, TypeError, ValueError):  # the latter two: kind or time of day are none
        return Listed(path.name, Standing.DAMAGED, "")
