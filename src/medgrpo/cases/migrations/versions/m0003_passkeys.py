"""Passkeys, and how a signature was made: the signatures there are were made with a password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
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
        sa.PrimaryKeyConstraint("credential_id", name="pk_passkeys"),
        sa.ForeignKeyConstraint(["user"], ["users.name"], name="fk_passkeys_users"),
    )
    op.create_index("ix_passkeys_user", "passkeys", ["user"])
    op.add_column("signatures", sa.Column("method", sa.String(20), nullable=False, server_default="password"))
    op.add_column("signatures", sa.Column("credential_id", sa.String(1400)))
