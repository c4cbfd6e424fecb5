"""Where a piece of knowledge comes from."""

from __future__ import annotations

from medgrpo.core import Config


class Citation(Config):
    """Where a piece of knowledge comes from. `checked` is False until somebody has read it in the primary source."""

    key: str
    title: str
    source: str
    year: int
    link: str | None = None
    checked: bool
    note: str = ""
