"""Retention: what a rule allows is deleted, written down before it goes, and the record still verifies."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medgrpo.audit import Entry, Journal, Rule, SigningKey, cases_in, prune, read_entries, remove_leftovers, verify
from medgrpo.core import RecordError

CLOSED = datetime(2026, 11, 1, tzinfo=UTC)


def times() -> tuple[str, float]:
    return CLOSED.isoformat(), 1.0


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.at(tmp_path_factory.mktemp("key") / "record.pem")


def made(case: Path, key: SigningKey, retention: dict[str, float] | None = None, *, closed: bool = True) -> Path:
    """A case with two clips and an evidence picture, closed on 1 November."""
    for folder in ("clips", "evidence"):
        (case / folder).mkdir(parents=True)
    journal = Journal(case / "record", key, times, {"site": {"retention": retention}} if retention else {})
    for name in ("A0001", "A0002"):
        data = f"pictures of {name}".encode()
        (case / "clips" / f"{name}.mp4").write_bytes(data)
        journal.append("clip", {"alert": name, "file": f"clips/{name}.mp4", "sha256": hashlib.sha256(data).hexdigest()})
    (case / "evidence" / "A0001.jpg").write_bytes(b"picture")
    evidence = {"file": "evidence/A0001.jpg", "sha256": hashlib.sha256(b"picture").hexdigest(), "dimmed": False}
    journal.append("decision", {"decision": "said", "evidence": evidence})
    if closed:
        journal.close("done")
    else:
        journal.leave()
    return case


def later(days: float) -> datetime:
    return CLOSED + timedelta(days=days)


def files(case: Path) -> list[str]:
    return sorted(f"{path.parent.name}/{path.name}" for path in case.glob("*/*") if path.parent.name != "record")


def test_clips_go_and_the_record_says_so_and_verifies(tmp_path: Path, key: SigningKey) -> None:
    case = made(tmp_path / "case", key)
    before = verify(case / "record", key.public)
    assert (before.genuine, before.files, before.deleted) == (True, 3, 0)
    assert prune(case, Rule(clips_days=30), key, times, later(29.9)).files == ()
    assert prune(case, Rule(clips_days=30), key, times, later(30), dry_run=True).files == ("clips/A0001.mp4", "clips/A0002.mp4")
    assert len(files(case)) == 3, "a dry run deletes nothing"
    assert prune(case, Rule(clips_days=30), key, times, later(30)).files == ("clips/A0001.mp4", "clips/A0002.mp4")
    assert files(case) == ["evidence/A0001.jpg"]
    found = verify(case / "record", key.public)
    assert found.genuine, found.faults
    assert (found.closed, found.files, found.deleted, found.entries) == (True, 1, 2, before.entries + 1)
    last = [entry for _, _, entry, _ in read_entries(case / "record")][-1]
    assert isinstance(last, Entry)
    assert last.kind == "deleted"
    assert last.body["rule"]["clips_days"] == 30
    assert [one["file"] for one in last.body["files"]] == ["clips/A0001.mp4", "clips/A0002.mp4"]
    assert prune(case, Rule(clips_days=30), key, times, later(90)).files == (), "once"
    assert prune(case, Rule(evidence_days=60), key, times, later(90)).files == ("evidence/A0001.jpg",)
    assert verify(case / "record", key.public).genuine
    with pytest.raises(RecordError, match="closed"):
        Journal(case / "record", key, times, {})


def test_the_cases_own_retention_counts_where_nothing_else_is_said(tmp_path: Path, key: SigningKey) -> None:
    case = made(tmp_path / "case", key, {"clips_days": 7})
    assert prune(case, Rule(), key, times, later(6)).files == ()
    assert prune(case, Rule(clips_days=20), key, times, later(8)).files == ()
    assert len(prune(case, Rule(), key, times, later(8)).files) == 2


def test_open_damaged_and_foreign_records_are_left_alone(tmp_path: Path, key: SigningKey) -> None:
    case = made(tmp_path / "open", key, closed=False)
    assert prune(case, Rule(1, 1, 1), key, times, later(99)).left_alone is not None
    case = made(tmp_path / "damaged", key)
    (case / "clips" / "A0001.mp4").write_bytes(b"other")
    with pytest.raises(RecordError, match="not as it was written"):
        prune(case, Rule(1, 1, 1), key, times, later(99))
    case = made(tmp_path / "foreign", SigningKey.at(tmp_path / "other.pem"))
    with pytest.raises(RecordError, match="another key"):
        prune(case, Rule(1, 1, 1), key, times, later(99))
    assert all(len(files(tmp_path / name)) == 3 for name in ("open", "damaged", "foreign"))


def test_a_whole_case_goes_and_its_head_stays(tmp_path: Path, key: SigningKey) -> None:
    case, young = made(tmp_path / "one", key), made(tmp_path / "two", key, {"case_days": 400})
    digest = [entry for _, _, entry, _ in read_entries(case / "record") if isinstance(entry, Entry)][-1].digest
    assert cases_in(tmp_path) == [case, young]
    told = [prune(one, Rule(case_days=365) if one == case else Rule(), key, times, later(366)) for one in cases_in(tmp_path)]
    assert [one.whole for one in told] == [True, False]
    assert not case.exists()
    assert young.exists()
    assert verify(tmp_path / "deletions", key.public).genuine
    (entry,) = [
        entry
        for _, _, entry, _ in read_entries(tmp_path / "deletions")
        if isinstance(entry, Entry) and entry.kind == "case_deleted"
    ]
    assert (entry.body["case"], entry.body["record_head"]["digest"], entry.body["record_head"]["closed"]) == ("one", digest, True)
    prune(young, Rule(), key, times, later(401))
    assert cases_in(tmp_path) == []
    assert verify(tmp_path / "deletions", key.public).kinds["case_deleted"] == 2


def test_a_deletion_that_was_cut_off_is_finished(tmp_path: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    case = made(tmp_path / "case", key)

    def killed(self: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        prune(case, Rule(clips_days=1), key, times, later(2))
    monkeypatch.undo()
    found = verify(case / "record", key.public)
    assert [fault.what for fault in found.faults] == ["is recorded as deleted, and is there"] * 2
    prune(case, Rule(clips_days=1), key, times, later(2))
    assert verify(case / "record", key.public).genuine
    assert files(case) == ["evidence/A0001.jpg"]
    (tmp_path / ".gone.deleting").mkdir()
    remove_leftovers(tmp_path)
    assert not (tmp_path / ".gone.deleting").exists()


def test_files_that_no_entry_names_go_too(tmp_path: Path, key: SigningKey) -> None:
    case = made(tmp_path / "case", key)
    (case / "clips" / "stray.mp4").write_bytes(b"left by a crash")
    (case / "clips" / ".A0009.unfinished.mp4").write_bytes(b"left by a crash")
    assert verify(case / "record").unrecorded == ("clips/stray.mp4",)
    gone = prune(case, Rule(clips_days=1), key, times, later(2)).files
    assert {"clips/stray.mp4", "clips/.A0009.unfinished.mp4"} <= set(gone)
    assert verify(case / "record").genuine
    assert files(case) == ["evidence/A0001.jpg"]


@pytest.mark.parametrize("name", ["../../outside.mp4", "/etc/passwd", "clips/../../x", "record/000001.jsonl", "clips\\x"])
def test_a_record_cannot_name_files_elsewhere(tmp_path: Path, key: SigningKey, name: str) -> None:
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(b"x")
    with Journal(tmp_path / "case" / "record", key, times, {}) as journal:
        journal.append("clip", {"file": name, "sha256": hashlib.sha256(b"x").hexdigest()})
    (fault,) = verify(tmp_path / "case" / "record").faults
    assert "is no file of a case" in fault.what
    with pytest.raises(RecordError):
        prune(tmp_path / "case", Rule(clips_days=1), key, times, later(9))
    assert outside.exists()


def test_tampers_after_a_deletion_are_found(tmp_path: Path, key: SigningKey) -> None:
    case = made(tmp_path / "case", key)
    prune(case, Rule(clips_days=1), key, times, later(2))
    path = case / "record" / "000001.jsonl"
    data, head = path.read_bytes(), (case / "record" / "head.json").read_bytes()
    draw = random.Random(11)
    for _ in range(150):
        place, bit = draw.randrange(len(data)), draw.randrange(8)
        path.write_bytes(data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :])
        assert not verify(case / "record", key.public).genuine
    lines = data.splitlines(keepends=True)
    for tampered in (lines[:-1], [*lines[:-2], lines[-1]], [*lines, lines[-1]]):
        path.write_bytes(b"".join(tampered))
        assert not verify(case / "record", key.public).genuine
    path.write_bytes(data)
    (case / "record" / "head.json").write_bytes(head)
    assert verify(case / "record", key.public).genuine
    forged = [entry for _, _, entry, _ in read_entries(case / "record") if isinstance(entry, Entry)][-1]
    _, line = Entry.made(forged.counter + 1, *times(), "deleted", {"files": []}, forged.digest)
    path.write_bytes(data + line)
    assert not verify(case / "record", key.public).genuine, "whoever has not the key cannot add a deletion"
