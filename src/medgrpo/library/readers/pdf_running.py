"""What is printed on every page: running headers and footers, and page numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medgrpo.library.readers.pdf_layout import Line

_EDGE_LINES = 2  # so many lines at either edge may be running ones
_GAP = 0.6  # of a line's height; text is set closer
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?\s*[-–—|]?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*(?:(?:of|/|von)\s*\d{1,5})?\s*[-–—|]?", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")


def without_running(lines: list[Line], others: Sequence[list[Line]], body_size: float) -> list[Line]:
    """The lines without page numbers, and without those at the edges that `others`, the pages round this one, have as well.

    The same means: but for numbers the same words, at the same height, no larger than running text (`body_size`), and set apart
    from the text by more than its own lines are.
    """
    needed = 1 if len(others) < 3 else 2
    drop: set[int] = set()
    for from_top in (True, False):
        elsewhere = [_set_apart(page, from_top=from_top) for page in others]
        for line in _set_apart(lines, from_top=from_top):
            repeated = sum(any(_same(line, other) for other in page) for page in elsewhere)
            if repeated >= needed and line.size <= 1.12 * body_size:
                drop.add(id(line))
        drop |= {
            id(line) for line in _outermost(lines, from_top=from_top)[:_EDGE_LINES] if _PAGE_NUMBER.fullmatch(line.text.strip())
        }
    return [line for line in lines if id(line) not in drop]


def _outermost(lines: list[Line], *, from_top: bool) -> list[Line]:
    return sorted(lines, key=lambda line: line.top, reverse=not from_top)


def _set_apart(lines: list[Line], *, from_top: bool) -> list[Line]:
    """The first lines from one edge, if a gap lies between them and the rest."""
    ordered = _outermost(lines, from_top=from_top)
    for count in range(min(_EDGE_LINES, len(ordered) - 1), 0, -1):
        line, next_one = ordered[count - 1], ordered[count]
        gap = next_one.top - line.bottom if from_top else line.top - next_one.bottom
        if gap > _GAP * line.size:
            return ordered[:count]
    return []


def _same(line: Line, other: Line) -> bool:
    return abs(line.top - other.top) < line.size / 2 and _shape(line) == _shape(other)


def _shape(line: Line) -> str:
    return _DIGITS.sub("#", line.text.casefold())
