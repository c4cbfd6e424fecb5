"""The numbered steps give the tables that the program means, from nothing and one after the other; a newer store is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("alembic", reason="needs the extra `serve`")
pytest.importorskip("argon2", reason="needs the extra `serve`")

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from medgrpo.cases import CaseStore, Role
from medgrpo.cases.migrating import migrate
from medgrpo.cases.schema import metadata, sa
from medgrpo.core import RecordError


def test_the_steps_give_the_tables_of_the_schema(opened: Callable[[], CaseStore]) -> None:
    with opened()._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_opening_again_keeps_what_is_there(opened: Callable[[], CaseStore]) -> None:
    opened().users.add("ada", "Dr Ada Stein", Role.CLINICIAN, "four words are enough")
    assert [user.name for user in opened().users.all()] == ["ada"]


def test_a_newer_store_is_refused(opened: Callable[[], CaseStore]) -> None:
    with opened()._database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordError, match="use the newer medgrpo"):
        opened()


def test_a_step_that_fails_leaves_nothing_behind(opened: Callable[[], CaseStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """All missing steps are one transaction: an older store is as it was."""
    from alembic import command

    store = opened()

    class PowerCut(Exception):
        pass

    def first_only(config: object, target: str) -> None:
        real(config, "0001")
        raise PowerCut

    with store._database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.text(f"DROP TABLE {table.name}"))
        connection.execute(sa.text("DROP TABLE alembic_version"))
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("DROP FUNCTION history_is_kept"))
    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", first_only)
    with pytest.raises(PowerCut), store._database.writing() as connection:
        migrate(connection, "here")
    with store._database.reading() as connection:
        assert sa.inspect(connection).get_table_names() == []
    monkeypatch.undo()
    assert opened().users.all() == ()
