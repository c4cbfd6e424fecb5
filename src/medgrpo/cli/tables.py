"""Where commands print their results: a terminal as wide as it is, a pipe or a file whole."""

from __future__ import annotations

import sys

from rich.console import Console

_WHOLE = 10_000
"""Columns of a pipe: more than any table has. Lines are as long as their words, nothing is filled up to here."""


def table_console() -> Console:
    """Rich takes a pipe for a terminal of 80 columns: it would cut cells there and break lines that a program reads."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WHOLE)
