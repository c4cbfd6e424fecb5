"""The first tables: users, cases and what can be searched of them, corrections, versions of the report, signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SECONDS: sa.types.TypeEngine[float] = sa.Float()


def _case() -> sa.Column[str]:
    return sa.Column("case_id", sa.String(16), nullable=False)


def _of_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id"], ["cases.id"], ondelete="CASCADE", name=f"fk_{table}_cases")


def _person() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("by_full_name", sa.String(200), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(300), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("changed", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("folder", sa.String(4096), nullable=False),
        sa.Column("video", sa.String(4096)),
        sa.Column("procedure", sa.String(100), nullable=False),
        sa.Column("source", sa.String(4096), nullable=False),
        sa.Column("opened", sa.String(32), nullable=False),
        sa.Column("closed", sa.String(32)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("duration_seconds", _SECONDS, nullable=False),
        sa.Column("statements", sa.Integer, nullable=False),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("review_counter", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_opened", "cases", ["opened"])
    op.create_table(
        "statements",
        _case(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seconds", _SECONDS),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_statements"),
        _of_case("statements"),
    )
    word = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "words",
        sa.Column("word", word, nullable=False),
        _case(),
        sa.PrimaryKeyConstraint("word", "case_id", name="pk_words"),
        _of_case("words"),
    )
    op.create_index("ix_words_case_id", "words", ["case_id"])
    op.create_table(
        "corrections",
        _case(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("finding_id", sa.String(100), nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        *_person(),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_corrections"),
        sa.UniqueConstraint("case_id", "finding_id", "nth", name="uq_corrections_nth"),
        _of_case("corrections"),
    )
    op.create_table(
        "versions",
        _case(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("parent", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        *_person(),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_versions"),
        _of_case("versions"),
    )
    op.create_table(
        "signatures",
        _case(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        *_person(),
        sa.PrimaryKeyConstraint("case_id", "number", name="pk_signatures"),
        sa.ForeignKeyConstraint(
            ["case_id", "number"], ["versions.case_id", "versions.number"], ondelete="CASCADE", name="fk_signatures_versions"
        ),
    )
