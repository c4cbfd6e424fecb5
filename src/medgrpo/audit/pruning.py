"""Retention: what is older than a rule allows is deleted, and what was deleted is written down before it goes.

Only closed records that are as they were written are touched. Clips and evidence go with an entry `deleted` at the end of the
case's own record, which stays closed and verifies. A whole case goes with an entry in a record of its own beside the cases
(`deletions`), which keeps the case's last head: whoever has the record elsewhere can prove that it was this one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from medgrpo.audit.attached import DELETED, FOLDERS, Attachment, attachments, deletions, digest_of_file, unrecorded
from medgrpo.audit.entry import Entry
from medgrpo.audit.head import Head, read_head, write_head
from medgrpo.audit.journal import Journal, Times
from medgrpo.audit.keys import SigningKey
from medgrpo.audit.tail import segment_name, taken_up
from medgrpo.audit.verification import read_entries, verify
from medgrpo.core import RecordError

RECORD, DELETIONS = "record", "deletions"
_GOING = ".deleting"


@dataclass(frozen=True, slots=True)
class Rule:
    """Days after a case was closed until these are deleted; None: never."""

    clips_days: float | None = None
    evidence_days: float | None = None
    case_days: float | None = None

    def over(self, older: Rule) -> Rule:
        """This rule, and `older` where it says nothing."""
        pairs = zip(astuple(self), astuple(older), strict=True)
        return Rule(*(mine if mine is not None else theirs for mine, theirs in pairs))

    def days(self, folder: str) -> float | None:
        return self.clips_days if folder == "clips" else self.evidence_days


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted of a case (or would be): files by name; `whole`: the case with its record. `left_alone`: why nothing was."""

    case: Path
    files: tuple[str, ...] = ()
    whole: bool = False
    left_alone: str | None = None


def cases_in(path: Path) -> list[Path]:
    """That case, or the cases in that folder. RecordError when it is neither."""
    if (path / RECORD).is_dir():
        return [path]
    found = sorted(one for one in path.iterdir() if (one / RECORD).is_dir()) if path.is_dir() else []
    if not found and not (path / DELETIONS).is_dir():
        raise RecordError(f"{path}: is no case and holds none (a case has a folder {RECORD})")
    return found


def prune(case: Path, rule: Rule, key: SigningKey, times: Times, now: datetime, *, dry_run: bool = False) -> Pruned:
    """Delete what the rule allows. RecordError when the record is not as it was written, or is signed by another key."""
    case, record = case.resolve(), case / RECORD
    found = verify(record)
    if not found.closed:
        return Pruned(case, left_alone="its record is open: it may be being written")
    left = [fault for fault in found.faults if not fault.left_behind]
    if left:
        raise RecordError(f"{record}: is not as it was written ({left[0]}): nothing of it is deleted")
    if found.key != key.public:
        raise RecordError(f"{record}: is signed by another key than this one: give the key that it was written with")
    entries = [entry for _, _, entry, _ in read_entries(record) if isinstance(entry, Entry)]
    rule = rule.over(_own_rule(entries))
    closed = datetime.fromisoformat(next(entry.wall for entry in reversed(entries) if entry.kind == "closed"))
    if _due(rule.case_days, closed, now):
        if not dry_run:
            _delete_case(case, rule, closed, key, times, found.entries)
        return Pruned(case, whole=True)
    due = [folder for folder in FOLDERS if _due(rule.days(folder), closed, now)]
    files, known_gone = _files(case, entries, due)
    if not dry_run:
        if files:
            _append(record, key, times, {"rule": _told(rule, closed), "files": [_body(one) for one in files]})
        for one in [*files, *known_gone]:
            one.place(case).unlink(missing_ok=True)
    return Pruned(case, tuple(one.file for one in files))


def remove_leftovers(folder: Path) -> None:
    """What a deletion that was cut off has left behind."""
    for path in folder.glob(f".*{_GOING}"):
        shutil.rmtree(path)


def _own_rule(entries: Iterable[Entry]) -> Rule:
    """The retention that the case itself was last opened with."""
    rule = Rule()
    for entry in entries:
        if entry.kind in ("opened", "resumed"):
            given = _part(_part(entry.body, "site"), "retention")
            rule = Rule(*(_number(given.get(name)) for name in ("clips_days", "evidence_days", "case_days")))
    return rule


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _due(days: float | None, closed: datetime, now: datetime) -> bool:
    return days is not None and now - closed >= timedelta(days=days)


def _files(case: Path, entries: Iterable[Entry], folders: list[str]) -> tuple[list[Attachment], list[Attachment]]:
    """Files to be deleted, those that no entry names among them; and those whose deletion is recorded already."""
    named: dict[str, Attachment] = {}
    gone: dict[str, Attachment] = {}
    for entry in entries:
        named.update({one.file: one for one in attachments(entry)})
        gone.update({one.file: one for one in deletions(entry)})
    stray = [Attachment(file, digest_of_file(case / file)) for file in unrecorded(case, {*named, *gone}, hidden=True)]
    wanted = [one for one in [*named.values(), *stray] if one.kind in folders and one.file not in gone]
    return wanted, list(gone.values())


def _body(one: Attachment) -> Mapping[str, Any]:
    return {"file": one.file, "sha256": one.sha256}


def _told(rule: Rule, closed: datetime) -> Mapping[str, Any]:
    days = {"clips_days": rule.clips_days, "evidence_days": rule.evidence_days, "case_days": rule.case_days}
    return {**days, "closed": closed.isoformat()}


def _append(record: Path, key: SigningKey, times: Times, body: Mapping[str, Any]) -> None:
    """One entry after the closing one, and the head that vouches for it."""
    end = taken_up(record)
    wall, monotonic_seconds = times()
    entry, line = Entry.made(end.counter + 1, wall, monotonic_seconds, DELETED, body, end.digest)
    try:
        with (record / segment_name(end.number)).open("ab") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        write_head(record, Head.signed(entry.counter, entry.digest, True, key))
    except OSError as error:
        raise RecordError(f"{record}: what is deleted cannot be written, so nothing is: {error.strerror or error}") from error


def _delete_case(case: Path, rule: Rule, closed: datetime, key: SigningKey, times: Times, entries: int) -> None:
    head = read_head(case / RECORD)
    body = {
        "case": case.name,
        "rule": _told(rule, closed),
        "entries": entries,
        "record_head": head.written(),
        "files": sum(1 for path in case.rglob("*") if path.is_file()),
    }
    journal = Journal(case.parent / DELETIONS, key, times, {"about": "cases that were deleted by rule"})
    try:
        journal.append("case_deleted", body, durable=True)
        journal.sign()
    finally:
        journal.leave()
    going = case.with_name(f".{case.name}{_GOING}")
    case.rename(going)
    shutil.rmtree(going)
