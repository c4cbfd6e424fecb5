"""Alembic runs this file: the connection is the caller's (`migrating.py`), one transaction around all that is missing."""

from __future__ import annotations

from alembic import context

from medgrpo.cases.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
