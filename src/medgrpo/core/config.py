"""The base of everything that is read from a file: frozen, and an unknown key is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Frozen settings or data; a misspelt key fails on load instead of being ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
