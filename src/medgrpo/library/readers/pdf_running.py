"""What is printed on every page: running headers and footers, and page numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medgrpo.library.readers.pdf_layout import Line

_TOP, _BOTTOM = slice(0, 2), slice(-2, None)  # two lines at either edge may be running ones
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.|seite)?\s*[-–—|]?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*(?:(?:of|/|von)\s*\d{1,5})?\s*[-–—|]?", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")


def without_running(lines: list[Line], others: Sequence[list[Line]], body_size: float) -> list[Line]:
    """The lines without page numbers, and without those at the edges that `others`, the pages round this one, have as well.

    The same means: but for numbers the same words, at the same height, no larger than running text (`body_size`).
    """
    needed = 1 if len(others) < 3 else 2
    drop: set[int] = set()
    for edge in (_TOP, _BOTTOM):
        elsewhere = [_edge_lines(page, edge) for page in others]
        for line in _edge_lines(lines, edge):
            repeated = sum(any(_same(line, other) for other in page) for page in elsewhere)
            if _PAGE_NUMBER.fullmatch(line.text.strip()) or (repeated >= needed and line.size <= 1.12 * body_size):
                drop.add(id(line))
    return [line for line in lines if id(line) not in drop]


def _edge_lines(lines: list[Line], edge: slice) -> list[Line]:
    return sorted(lines, key=lambda line: line.top)[edge]


def _same(line: Line, other: Line) -> bool:
    return abs(line.top - other.top) < line.size / 2 and _shape(line) == _shape(other)


def _shape(line: Line) -> str:
    return _DIGITS.sub("#", line.text.casefold())
