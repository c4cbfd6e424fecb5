"""The database itself refuses to change or take away a correction, a version or a signature, whoever asks.

They go only with their whole case, whose row is gone before theirs follow it.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

KEPT = ("corrections", "versions", "signatures")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT:
            op.execute(
                f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
            )
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
                "WHEN EXISTS (SELECT 1 FROM cases WHERE id = OLD.case_id) "
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never taken away'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION history_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END IF; "
        "IF EXISTS (SELECT 1 FROM cases WHERE id = OLD.case_id) THEN "
        "RAISE EXCEPTION 'rows of % are never taken away', TG_TABLE_NAME; END IF; "
        "RETURN OLD; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION history_is_kept()"
        )
