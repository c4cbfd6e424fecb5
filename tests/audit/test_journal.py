"""What is written can be read back and verified; what cuts a record off loses at most the line being written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medgrpo.audit import Entry, Journal, PublicKey, SigningKey, read_entries, verify
from medgrpo.core import ConflictError, RecordError


class ByHand:
    """Half a second passes between two entries."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> tuple[str, float]:
        self.seconds += 0.5
        return f"2026-11-28T08:00:{self.seconds:06.3f}Z", self.seconds


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.at(tmp_path_factory.mktemp("key") / "record.pem")


@pytest.fixture
def record(tmp_path: Path, key: SigningKey) -> Path:
    """A closed record of 20 ticks in three files."""
    folder = tmp_path / "record"
    with Journal(folder, key, ByHand(), {"medgrpo": "0.0"}, head_every=6, rotate_bytes=4000) as journal:
        for tick in range(20):
            journal.append("tick", {"seconds": tick / 5, "seen": ["hook"] if tick % 2 else [], "why": None})
    return folder


def test_a_closed_record_verifies(record: Path, key: SigningKey) -> None:
    found = verify(record, key.public)
    assert found.genuine, found.faults
    assert found.closed
    assert found.kinds["tick"] == 20
    assert (found.kinds["opened"], found.kinds["closed"]) == (1, 1)
    assert found.kinds["head"] >= 4
    assert len(list(record.glob("*.jsonl"))) == 3
    assert found.torn_bytes == found.gaps == 0


def test_entries_come_back_as_they_went_in(record: Path) -> None:
    ticks = [entry for _, _, entry, _ in read_entries(record) if isinstance(entry, Entry) and entry.kind == "tick"]
    assert [tick.body["seconds"] for tick in ticks] == [tick / 5 for tick in range(20)]
    assert ticks[1].body == {"seconds": 0.2, "seen": ["hook"], "why": None}


def test_another_key_does_not_vouch(record: Path, tmp_path: Path) -> None:
    other = SigningKey.at(tmp_path / "other.pem")
    assert not verify(record, other.public).genuine


def test_a_key_is_kept_for_its_owner_alone_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.pem"
    made = SigningKey.at(path)
    assert path.stat().st_mode & 0o077 == 0
    assert SigningKey.at(path).public == made.public
    path.write_text("nonsense")
    with pytest.raises(RecordError, match="no signing key"):
        SigningKey.at(path)


def test_a_closed_record_takes_no_more(record: Path, key: SigningKey) -> None:
    with pytest.raises(RecordError, match="closed"):
        Journal(record, key, ByHand(), {})


def test_an_error_leaves_the_record_open_and_named(tmp_path: Path, key: SigningKey) -> None:
    def failing() -> None:
        with Journal(tmp_path / "r", key, ByHand(), {}):
            raise OSError("no camera")

    with pytest.raises(OSError, match="no camera"):
        failing()
    found = verify(tmp_path / "r", key.public)
    assert found.genuine
    assert not found.closed
    with Journal(tmp_path / "r", key, ByHand(), {}) as journal:
        journal.append("tick", {})
    found = verify(tmp_path / "r", key.public)
    assert (found.genuine, found.closed, found.kinds["stopped"], found.kinds["resumed"]) == (True, True, 1, 1)


def test_a_body_that_is_no_json_is_refused_and_changes_nothing(tmp_path: Path, key: SigningKey) -> None:
    with Journal(tmp_path / "r", key, ByHand(), {}) as journal:
        before = journal.counter
        with pytest.raises(ValueError, match="canonical"):
            journal.append("tick", {"value": float("nan")})
        assert journal.counter == before
    assert verify(tmp_path / "r", key.public).genuine


def test_a_torn_line_is_cut_off_and_told(tmp_path: Path, key: SigningKey) -> None:
    folder = tmp_path / "r"
    journal = Journal(folder, key, ByHand(), {})
    journal.append("tick", {"n": 1})
    journal.leave()
    with (folder / "000001.jsonl").open("ab") as stream:
        stream.write(b'{"body":{"n":2},"cou')
    cut = verify(folder, key.public)
    assert cut.genuine
    assert (cut.torn_bytes, cut.closed) == (20, False)
    with Journal(folder, key, ByHand(), {}) as again:
        again.append("tick", {"n": 2})
    found = verify(folder, key.public)
    assert found.genuine, found.faults
    resumed = [entry for _, _, entry, _ in read_entries(folder) if isinstance(entry, Entry) and entry.kind == "resumed"]
    assert [entry.body["torn_bytes"] for entry in resumed] == [20]


def test_a_disk_that_refuses_leaves_a_gap_that_is_told(tmp_path: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "r"
    with Journal(folder, key, ByHand(), {}) as journal:
        journal.append("tick", {"n": 0})
        real, calls = os.write, []

        def full(descriptor: int, data: bytes) -> int:
            calls.append(len(data))
            if len(calls) % 2:  # a part fits, then nothing more
                return real(descriptor, data[:7])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        for n in (1, 2, 3):
            with pytest.raises(RecordError, match="No space left"):
                journal.append("tick", {"n": n})
        assert journal.missed == 3
        monkeypatch.setattr(os, "write", real)
        journal.append("tick", {"n": 4})
        assert journal.missed == 0
    found = verify(folder, key.public)
    assert found.genuine, found.faults
    assert found.gaps == 3
    ticks = [entry.body["n"] for _, _, entry, _ in read_entries(folder) if isinstance(entry, Entry) and entry.kind == "tick"]
    assert ticks == [0, 4]


WRITER = """
import sys, time
from pathlib import Path
from medgrpo.audit import Journal, SigningKey
folder, key = Path(sys.argv[1]), SigningKey.at(Path(sys.argv[2]))
journal = Journal(folder, key, lambda: ("2026-11-28T08:00:00Z", time.monotonic()), {})
n = 0
while True:
    n += 1
    journal.append("tick", {"n": n, "padding": "x" * 300})
    sys.stdout.write(f"{n}\\n"); sys.stdout.flush()
"""


@pytest.mark.slow
def test_kill_9_at_random_moments_loses_at_most_the_line_being_written(tmp_path: Path, key: SigningKey) -> None:
    """MEDGRPO_KILLS of them (the default is for CI); the same record goes on after each kill."""
    kills, rng = int(os.environ.get("MEDGRPO_KILLS", "6")), random.Random(5)
    folder, pem = tmp_path / "r", tmp_path / "record.pem"
    SigningKey.at(pem)
    acknowledged = 0
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(pem)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        told = [line for line in process.communicate()[0].split(b"\n") if line]
        acknowledged += 1 + len(told)
        found = verify(folder, SigningKey.at(pem).public)
        assert found.genuine, found.faults
        assert 0 <= found.kinds["tick"] - acknowledged <= 1, "written, but not yet told"
        acknowledged = found.kinds["tick"]


def _tampered(rng: random.Random, folder: Path) -> str:
    """Change the record in one way; says what was done."""
    path = rng.choice(sorted([*folder.glob("*.jsonl"), folder / "head.json"]))
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    kind = rng.choice(["flip", "delete byte", "insert byte", "delete line", "swap lines", "repeat line", "cut off", "delete file"])
    place = rng.randrange(len(data))
    line, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if kind == "flip":
        changed = data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
    elif kind == "delete byte":
        changed = data[:place] + data[place + 1 :]
    elif kind == "insert byte":
        changed = data[:place] + bytes([rng.randrange(256)]) + data[place:]
    elif kind == "delete line":
        changed = b"".join(lines[:line] + lines[line + 1 :])
    elif kind == "swap lines":
        lines[line], lines[other] = lines[other], lines[line]
        changed = b"".join(lines)
    elif kind == "repeat line":
        changed = b"".join([*lines[:line], lines[other], *lines[line:]])
    elif kind == "cut off":
        changed = data[:place]
    else:
        path.unlink()
        return f"{path.name}: deleted"
    path.write_bytes(changed)
    return f"{path.name}: {kind} at {place} or line {line}" if changed != data else ""


@pytest.mark.slow
def test_random_tampers_are_all_found(record: Path, key: SigningKey) -> None:
    """MEDGRPO_TAMPERS of them (the default is for CI; 10,000 were run, docs/log.md)."""
    rng = random.Random(11)
    whole = {path.name: path.read_bytes() for path in record.iterdir()}
    for _ in range(int(os.environ.get("MEDGRPO_TAMPERS", "200"))):
        done = _tampered(rng, record)
        assert not done or not verify(record, key.public).genuine, done
        for name, data in whole.items():
            (record / name).write_bytes(data)
    assert verify(record, key.public).genuine


def test_a_forged_tail_without_the_key_is_found(record: Path, key: SigningKey) -> None:
    """Whoever rewrites an entry and all digests after it cannot sign the heads anew."""
    path = sorted(record.glob("*.jsonl"))[-1]
    lines = path.read_bytes().splitlines(keepends=True)
    entries = [Entry.read(line) for line in lines]
    previous, forged = entries[0].previous, []
    for entry in entries:
        body = {**entry.body, "seen": ["nothing"]} if entry.kind == "tick" else entry.body
        made, line = Entry.made(entry.counter, entry.wall, entry.monotonic_seconds, entry.kind, body, previous)
        forged.append(line)
        previous = made.digest
    path.write_bytes(b"".join(forged))
    assert not verify(record, key.public).genuine


def test_no_record_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="holds no record"):
        verify(tmp_path)


def test_a_public_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PublicKey("00ff")


def test_a_record_has_one_writer_at_a_time(tmp_path: Path, key: SigningKey) -> None:
    folder = tmp_path / "r"
    with Journal(folder, key, ByHand(), {}, rotate_bytes=1000) as journal:
        for n in range(10):
            journal.append("tick", {"n": n})
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(ConflictError, match=r"another process is writing this record"):
            Journal(folder, key, ByHand(), {})
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        journal.append("tick", {"n": 10})
    found = verify(folder, key.public)
    assert (found.genuine, found.kinds["tick"], found.kinds.get("resumed")) == (True, 11, None)


def test_a_writer_in_another_process_shuts_out_until_it_is_killed(tmp_path: Path, key: SigningKey) -> None:
    folder, pem = tmp_path / "r", tmp_path / "record.pem"
    SigningKey.at(pem)
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(pem)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(ConflictError, match="another process"):
        Journal(folder, SigningKey.at(pem), ByHand(), {})
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Journal(folder, SigningKey.at(pem), ByHand(), {}) as journal:
        journal.append("tick", {})
    found = verify(folder)
    assert (found.genuine, found.kinds["resumed"]) == (True, 1)
