"""Where the store is, and how it is opened."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from medgrpo.audit import SigningKey
from medgrpo.cases.database import open_database
from medgrpo.cases.store import CaseStore
from medgrpo.stream import SystemClock, stamped

DEFAULT_STORE = Path.home() / ".local" / "share" / "medgrpo" / "cases.db"
DEFAULT_KEY = Path.home() / ".config" / "medgrpo" / "record.pem"


def open_store(where: str | Path | None = None, key: Path | None = None) -> CaseStore:
    """The store in a file or at an address (postgresql://...), made or brought up to date where needed.

    `key` signs the reviews (made if absent); all consoles of one store need the same. Errors as of `open_database`, SigningKey.at.
    """
    database = open_database(str(DEFAULT_STORE if where is None else where))
    return CaseStore(database, SigningKey.at(DEFAULT_KEY if key is None else key), partial(stamped, SystemClock()))
