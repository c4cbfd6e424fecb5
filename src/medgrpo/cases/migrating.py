"""Bring a database up to date: Alembic's numbered steps in `migrations/versions`, each at most once, forward only."""

from __future__ import annotations

from pathlib import Path

from medgrpo.cases.schema import sa
from medgrpo.core import MissingExtra, RecordError

try:
    from alembic import command
    from alembic.config import Config as AlembicConfig
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
except ImportError as error:
    raise MissingExtra("the store of cases", "serve", "alembic") from error

_LOCK = 0x6D656467  # any number that nobody else uses in this database


def migrate(connection: sa.Connection, where: str) -> None:
    """Inside the caller's transaction, which must be a writing one. RecordError when a newer medgrpo has been here."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})  # two consoles may start at once
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise RecordError(
            f"{where}: this store of cases is at step {found}, which this medgrpo does not know ({known[0]} is its newest): "
            "use the newer medgrpo"
        )
    if found != known[0]:
        command.upgrade(config, "head")
