"""The tables as they are now. A change here needs a migration that makes it (`migrations/versions`); a test compares the two."""

from __future__ import annotations

from medgrpo.core import MissingExtra

try:
    import sqlalchemy as sa
    from sqlalchemy import event
    from sqlalchemy.exc import ArgumentError, DBAPIError
except ImportError as error:
    raise MissingExtra("the store of cases", "serve", "sqlalchemy") from error

__all__ = [
    "ArgumentError",
    "DBAPIError",
    "cases",
    "corrections",
    "event",
    "metadata",
    "passkeys",
    "sa",
    "signatures",
    "statements",
    "users",
    "versions",
    "words",
]

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
_SECONDS: sa.types.TypeEngine[float] = sa.Float()
_WORD = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
"""Compared byte by byte in both databases, so that a range of words is a prefix."""


def _case() -> sa.Column[str]:
    return sa.Column("case_id", sa.String(16), sa.ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True)


users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("full_name", sa.String(200), nullable=False),
    sa.Column("password_hash", sa.String(300), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("changed", sa.String(32), nullable=False),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("credential_id", sa.String(1400), primary_key=True),
    sa.Column("user", sa.String(64), sa.ForeignKey("users.name"), nullable=False, index=True),
    sa.Column("party", sa.String(253), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("transports", sa.String(100), nullable=False),
    sa.Column("synced", sa.Boolean, nullable=False),
    sa.Column("created", sa.String(32), nullable=False),
    sa.Column("used", sa.String(32)),
    sa.Column("revoked", sa.String(32)),
    sa.Column("revoked_by", sa.String(64)),
)
"""`party`: the console's name under which browsers keep it. Ids and keys are base64url."""

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(300), nullable=False),
    sa.Column("folder", sa.String(4096), nullable=False),
    sa.Column("video", sa.String(4096)),
    sa.Column("procedure", sa.String(100), nullable=False),
    sa.Column("source", sa.String(4096), nullable=False),
    sa.Column("opened", sa.String(32), nullable=False, index=True),
    sa.Column("closed", sa.String(32)),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("duration_seconds", _SECONDS, nullable=False),
    sa.Column("statements", sa.Integer, nullable=False),
    sa.Column("alerts", sa.Integer, nullable=False),
    sa.Column("simulated", sa.Boolean, nullable=False),
    sa.Column("review_counter", sa.Integer, nullable=False),
)
"""`review_counter`: the last entry of the case's review journal that is in these tables, -1 where there is none."""

statements = sa.Table(
    "statements",
    metadata,
    _case(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("seconds", _SECONDS),
    sa.Column("text", sa.Text, nullable=False),
)

words = sa.Table(
    "words",
    metadata,
    sa.Column("word", _WORD, primary_key=True),
    _case(),
    sa.Index("ix_words_case_id", "case_id"),
)

corrections = sa.Table(
    "corrections",
    metadata,
    _case(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("finding_id", sa.String(100), nullable=False),
    sa.Column("nth", sa.Integer, nullable=False),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("by_full_name", sa.String(200), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.UniqueConstraint("case_id", "finding_id", "nth", name="uq_corrections_nth"),
)

versions = sa.Table(
    "versions",
    metadata,
    _case(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("parent", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("by_full_name", sa.String(200), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
)

signatures = sa.Table(
    "signatures",
    metadata,
    sa.Column("case_id", sa.String(16), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("by_full_name", sa.String(200), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("method", sa.String(20), nullable=False, server_default="password"),
    sa.Column("credential_id", sa.String(1400)),
    sa.ForeignKeyConstraint(
        ["case_id", "number"], ["versions.case_id", "versions.number"], ondelete="CASCADE", name="fk_signatures_versions"
    ),
)
