"""The smallest pieces: escaped text, chips, bars, tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def text(value: str) -> str:
    """Any text for element content or a double-quoted attribute."""
    return escape(value, quote=True)


def chip(kind: str, words: str) -> str:
    """A short word on a coloured plate; `kind` is a class of the look."""
    return f'<span class="chip {text(kind.replace(" ", "-"))}">{text(words)}</span>'


def bar(share: float) -> str:
    """A small bar, 0..1; decoration, not read aloud, so the number always stands beside it."""
    return f'<svg class="meter" aria-hidden="true"><rect class="track"/><rect class="fill" width="{share:.0%}"/></svg>'


def table(css_class: str, columns: Sequence[str], bodies: str, caption: str = "") -> str:
    """A table that scrolls inside its own box where the screen is too narrow for it."""
    heads = "".join(f'<th scope="col">{text(column)}</th>' for column in columns)
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table class="{css_class}">{title}<thead><tr>{heads}</tr></thead>{bodies}</table></div>'
