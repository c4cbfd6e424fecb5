"""What people said of a case, in its own folder: an append-only, hash-chained, signed record (`CASE/review`) beside the first one.

It is written before the database and holds all that the database holds of a case's review, so that the folder alone is enough.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import medgrpo
from medgrpo.audit import Entry, Journal, SigningKey, Times, read_entries, verify
from medgrpo.core import RecordError

REVIEW = "review"
CORRECTION, VERSION, SIGNATURE = "correction", "version", "signature"
KINDS = (CORRECTION, VERSION, SIGNATURE)


@contextmanager
def held(case: Path) -> Generator[None]:
    """Nobody else writes to this case's review meanwhile, in whatever process. RecordError when the folder takes no file."""
    try:
        (case / REVIEW).mkdir(exist_ok=True)
        stream = (case / REVIEW / ".lock").open("ab")
    except OSError as error:
        raise RecordError(f"{case}: its review cannot be written: {error.strerror or error}") from error
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # given back when the file is closed, also by a kill
        yield


def entries_after(case: Path, counter: int, key: SigningKey | None = None) -> list[Entry]:
    """What people said in entries after that one. RecordError when the journal is not as it was written.

    `key`: that which is going to write; a record has one key, so another one's journal is refused (RecordError).
    """
    folder = case / REVIEW
    if not any(folder.glob("*.jsonl")):
        return []
    found = verify(folder)
    if not found.genuine:
        raise RecordError(f"{folder}: is not as it was written ({found.faults[0]}): medgrpo record verify names each fault")
    if key is not None and found.key is not None and found.key != key.public:
        raise RecordError(
            f"{folder}: is signed with the key {found.key.fingerprint}, not with {key.public.fingerprint}: "
            "give every console of one store the same --key"
        )
    entries = (entry for _, _, entry, _ in read_entries(folder) if isinstance(entry, Entry))
    return [entry for entry in entries if entry.counter > counter and entry.kind in KINDS]


def append(case: Path, case_id: str, key: SigningKey, times: Times, kind: str, body: Mapping[str, Any]) -> Entry:
    """One entry, on the disk and vouched for by a signed head before this returns. Call it while the review is `held`."""
    journal = Journal(case / REVIEW, key, times, {"case": case_id, "medgrpo": medgrpo.__version__, "of": "a case's review"})
    try:
        entry = journal.append(kind, body, durable=True)
        journal.sign()
    finally:
        journal.leave()
    return entry
