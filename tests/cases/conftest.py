"""Stores in SQLite always; in PostgreSQL where its server is installed: a private one, started as another user than root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests.cases import made as made_module

if TYPE_CHECKING:
    from medgrpo.cases import CaseStore

PASSWORD = "four words are enough"
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="session")
def made() -> ModuleType:
    return made_module


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server on a socket of its own, without its database's name."""
    if not BINARIES:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql/*/bin (apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="needs the extra `postgresql`")
    root = os.getuid() == 0
    if root and (shutil.which("runuser") is None or subprocess.run(["id", "postgres"], capture_output=True).returncode):
        pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres to run it as")
    as_user = ["runuser", "-u", "postgres", "--"] if root else []
    folder = Path(tempfile.mkdtemp(prefix="medgrpo-pg-", dir="/tmp"))
    if root:
        shutil.chown(folder, "postgres")
    data, binaries = folder / "data", BINARIES[-1]

    def run(*command: str) -> None:
        done = subprocess.run([*as_user, *command], capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    try:
        run(
            str(binaries / "initdb"), "-D", str(data), "-U", "medgrpo", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"
        )
        options = (
            f"-k {folder} -c listen_addresses='' -c shared_buffers=16MB -c fsync=off"  # clients are killed here, not the machine
        )
        run(str(binaries / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql://medgrpo@/DATABASE?host={folder}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "store" / "cases.db")
    import psycopg

    server: str = request.getfixturevalue("server")
    name = f"cases_{os.urandom(6).hex()}"
    with psycopg.connect(server.replace("DATABASE", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    return server.replace("DATABASE", name)


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs 50 ms by design: not the hundred times that these tests use one."""
    import argon2

    from medgrpo.cases import passwords

    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Callable[..., CaseStore]]:
    """Opens stores, and closes them in the end."""
    from medgrpo.cases import open_store

    with ExitStack() as stack:
        yield lambda where, key=tmp_path / "record.pem": stack.enter_context(open_store(where, key))


@pytest.fixture
def opened(address: str, opening: Callable[..., CaseStore]) -> Callable[[], CaseStore]:
    """Opens the same store again and again, as one console after the other does."""
    return lambda: opening(address)


@pytest.fixture
def store(opened: Callable[[], CaseStore]) -> CaseStore:
    """An empty store with a clinician, a viewer and an administrator."""
    from medgrpo.cases import Role

    store = opened()
    store.users.add("ada", "Dr Ada Stein", Role.CLINICIAN, PASSWORD)
    store.users.add("ben", "Dr Ben Wu", Role.CLINICIAN, PASSWORD)
    store.users.add("vera", "Vera Klein", Role.VIEWER, PASSWORD)
    store.users.add("root", "Rob Roth", Role.ADMINISTRATOR, PASSWORD)
    return store
