"""Processes at once, and processes killed: what was confirmed is there, in one line of versions, in the store and in the folder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("alembic", reason="needs the extra `serve`")
pytest.importorskip("argon2", reason="needs the extra `serve`")

from medgrpo.audit import verify
from medgrpo.cases import CaseStore, Verdict

WRITER = """
import sys
from pathlib import Path
from medgrpo.cases import Verdict, open_store
from medgrpo.core import ConflictError
where, key, case, name, times = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
store = open_store(where, key)
done = lost = 0
sys.stdout.write("ready\\n"); sys.stdout.flush()
while done < times:
    parent = len(store.versions(case))
    try:
        version = store.write(case, f"{name} {done}", name, parent=parent)
    except ConflictError:
        lost += 1
        continue
    done += 1
    sys.stdout.write(f"version {version.number} {name} {done - 1}\\n"); sys.stdout.flush()
    correction = store.correct(case, name, Verdict.CONFIRMED, None, f"{done}", name, seen=done - 1 + int(sys.argv[6]), said="x")
    sys.stdout.write(f"correction {correction.number} {name} {done}\\n"); sys.stdout.flush()
sys.stdout.write(f"lost {lost}\\n")
"""


def writer(address: str, key: Path, case: str, name: str, times: int, before: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, address, str(key), case, name, str(times), str(before)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_processes_on_one_case_agree(store: CaseStore, address: str, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    names, times = ("ada", "ben"), 5
    processes = [writer(address, tmp_path / "record.pem", case.id, name, times) for name in names]
    told: list[str] = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        told += out.splitlines()
    versions, corrections = store.versions(case.id), store.corrections(case.id)
    assert [(version.number, version.parent) for version in versions] == [(n + 1, n) for n in range(2 * times)]
    confirmed = {line for line in told if line.startswith("version")}
    assert confirmed == {f"version {version.number} {version.text.strip()}" for version in versions}
    assert {line for line in told if line.startswith("correction")} == {
        f"correction {one.number} {one.by} {one.reason}" for one in corrections
    }
    found = verify(tmp_path / "one" / "review")
    assert found.genuine, found.faults
    assert (found.kinds["version"], found.kinds["correction"]) == (2 * times, 2 * times)


@pytest.mark.slow
def test_kill_9_loses_nothing_that_was_confirmed(
    store: CaseStore, opened: Callable[[], CaseStore], address: str, made: ModuleType, tmp_path: Path
) -> None:
    """MEDGRPO_KILLS of them (the default is for CI): the folder and, after the next change, the store hold all that was told."""
    kills, rng = int(os.environ.get("MEDGRPO_KILLS", "2")), random.Random(7)
    case = store.add(made.analysed(tmp_path / "one"))
    told: list[str] = []
    for kill in range(kills):
        before = sum(one.finding_id == "ada" for one in store.corrections(case.id))
        process = writer(address, tmp_path / "record.pem", case.id, "ada", 10_000, before)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        told += [line for line in process.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
        # The next one to change something takes in what the killed one had written into the folder and not told.
        store.correct(case.id, f"kill {kill}", Verdict.CONFIRMED, None, "killed", "ben", seen=0, said="x")
        kept = {f"version {version.number} {version.text}" for version in store.versions(case.id)}
        kept |= {f"correction {one.number} {one.by} {one.reason}\n" for one in store.corrections(case.id)}
        assert set(told) <= kept
    found = verify(tmp_path / "one" / "review")
    assert found.genuine, found.faults
    assert found.kinds["correction"] == len(store.corrections(case.id))
    assert found.kinds.get("version", 0) == len(store.versions(case.id))
