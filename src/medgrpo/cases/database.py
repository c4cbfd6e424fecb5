"""The database: one SQLite file (WAL) on this machine, or a PostgreSQL server by its address. Opened, it is up to date."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medgrpo.cases.migrating import migrate
from medgrpo.cases.schema import ArgumentError, DBAPIError, event, sa
from medgrpo.core import InputError, MissingExtra, RecordError

_BUSY_SECONDS = 20


class Database:
    """`reading` and `writing` give a connection inside one transaction: all of it is kept, or nothing.

    What the database refuses or cannot do is a RecordError; what was not confirmed was not written.
    """

    def __init__(self, engine: sa.Engine, where: str) -> None:
        self._engine, self.where = engine, where

    @contextmanager
    def reading(self) -> Generator[sa.Connection]:
        with self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[sa.Connection]:
        """In SQLite the only writer from the first line on; in PostgreSQL whoever locks a row first (`FOR UPDATE`)."""
        with self._told(), self._engine.connect().execution_options(medgrpo_writes=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except DBAPIError as error:
            raise RecordError(f"{self.where}: the store of cases: {_first_line(error)}") from error


def open_database(where: str) -> Database:
    """`where` is the path of a file (made if absent) or an address: postgresql://user@host/name.

    InputError for another kind of address, RecordError when it cannot be opened or is of a newer medgrpo.
    """
    if "://" in where and not where.startswith("sqlite:///"):
        engine, told = _postgresql(where)
    else:
        told = where.removeprefix("sqlite:///")
        engine = _sqlite(Path(told))
    database = Database(engine, told)
    try:
        with database.writing() as connection:
            migrate(connection, told)
    except BaseException:
        database.close()
        raise
    return database


def _sqlite(path: Path) -> sa.Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # it holds password hashes and reports
    except OSError as error:
        raise RecordError(f"{path}: the store of cases cannot be made: {error.strerror or error}") from error
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})

    def connected(connection: Any, record: object) -> None:
        del record
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: sa.Connection) -> None:
        # Whoever is going to write says so at once: a reader that turns writer can lose to another one, whose work it has not seen.
        writes = connection.get_execution_options().get("medgrpo_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _postgresql(where: str) -> tuple[sa.Engine, str]:
    try:
        url = sa.make_url(where)
    except ArgumentError as error:
        raise InputError(f"{where}: is no address of a database: give a file, or postgresql://user@host/name") from error
    if url.get_backend_name() != "postgresql":
        raise InputError(f"{url.drivername}: cases are kept in SQLite (a file) or PostgreSQL (postgresql://user@host/name)")
    try:
        engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError as error:
        raise MissingExtra("a store of cases in PostgreSQL", "postgresql", "psycopg") from error
    return engine, url.render_as_string(hide_password=True)


def _first_line(error: DBAPIError) -> str:
    return next(iter(str(error.orig).splitlines()), type(error).__name__)
