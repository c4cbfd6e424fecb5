"""From the pieces of text on a page to its lines in reading order: columns, then tables. Pure; sizes in points, y downwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

_WORD_GAP = 0.9  # of the letter height: a wider gap may be a gutter or a table's
_GUTTER_STEP = 2.0
_COLUMN_CHARACTERS = 15  # a column of text has lines of so many characters; narrower ones belong to tables
_COLUMN_LINES = 4
_CELL_CHARACTERS = 25
_JUSTIFIED = 0.05  # the gaps of a justified line differ by less than this share; those of a table do not


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words that stand together; y grows downwards."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    bold: bool = False

    @property
    def size(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def beside(self, other: Fragment) -> bool:
        """Whether the two stand on one line: the middle of the smaller lies within the larger."""
        small, large = sorted((self, other), key=lambda fragment: fragment.size)
        return large.top <= small.middle <= large.bottom

    def goes_on_with(self, word: Fragment) -> bool:
        gap = word.left - self.right
        return self.beside(word) and -self.size < gap <= _WORD_GAP * max(self.size, word.size)

    def joined(self, other: Fragment) -> Fragment:
        larger = max(self, other, key=lambda fragment: fragment.size)  # superscripts do not change the line
        text = f"{self.text} {other.text}"
        return Fragment(text, self.left, other.right, larger.top, larger.bottom, self.bold and other.bold)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one column. `cells` holds more than one text where it is a table's row. `column` counts columns down the page."""

    cells: tuple[str, ...]
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool
    column: int

    @property
    def text(self) -> str:
        return " ".join(self.cells)


def page_lines(fragments: Sequence[Fragment]) -> list[Line]:
    """The lines of a page in the order in which a person reads them."""
    if not fragments:
        return []
    lines: list[Line] = []
    gutters = _gutters(fragments)
    for number, column in enumerate(_columns(fragments, gutters)):
        lines += _lines(column, number)
    return lines


def _gutters(fragments: Sequence[Fragment]) -> list[float]:
    """The x of the gaps between columns of running text."""
    letter = median(fragment.size for fragment in fragments)
    left, right = min(fragment.left for fragment in fragments), max(fragment.right for fragment in fragments)
    found: list[float] = []
    run: list[float] = []
    x = left + _GUTTER_STEP
    while x < right:
        if _divides(fragments, x):
            run.append(x)
        else:
            found += _middle(run, letter)
            run = []
        x += _GUTTER_STEP
    return [*found, *_middle(run, letter)]


def _middle(run: list[float], letter: float) -> Iterator[float]:
    if run and run[-1] - run[0] + _GUTTER_STEP >= 0.6 * letter:
        yield (run[0] + run[-1]) / 2


def _divides(fragments: Sequence[Fragment], x: float) -> bool:
    before = [fragment for fragment in fragments if fragment.right <= x]
    after = [fragment for fragment in fragments if fragment.left >= x]
    crossing = len(fragments) - len(before) - len(after)
    if min(len(before), len(after)) < _COLUMN_LINES or crossing > 0.6 * (len(before) + len(after)):
        return False
    if min(fmean(len(f.text) for f in before), fmean(len(f.text) for f in after)) < _COLUMN_CHARACTERS:
        return False
    top, bottom = min(f.top for f in after), max(f.bottom for f in after)
    return sum(top <= fragment.middle <= bottom for fragment in before) >= _COLUMN_LINES


def _columns(fragments: Sequence[Fragment], gutters: list[float]) -> Iterator[list[Fragment]]:
    """Groups in reading order. What crosses a gutter stands alone and parts what is above from what is below it."""
    band: list[list[Fragment]] = [[] for _ in range(len(gutters) + 1)]
    wide: list[Fragment] = []
    for fragment in sorted(fragments, key=lambda fragment: fragment.middle):
        first = sum(gutter <= fragment.left for gutter in gutters)
        last = sum(gutter < fragment.right for gutter in gutters)
        if first != last or (wide and fragment.beside(wide[-1])):
            yield from (column for column in band if column)
            band = [[] for _ in range(len(gutters) + 1)]
            wide.append(fragment)
        else:
            if wide:
                yield wide
                wide = []
            band[first].append(fragment)
    if wide:
        yield wide
    yield from (column for column in band if column)


def _lines(column: list[Fragment], number: int) -> list[Line]:
    """The lines of one column; several rows of short pieces under one another are a table."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(column, key=lambda fragment: fragment.middle):
        if rows and any(fragment.beside(other) and _apart(fragment, other) for other in rows[-1]):
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
    rows = [sorted(row, key=lambda fragment: fragment.left) for row in rows]
    tabular, uneven = [_is_tabular(row) for row in rows], [_is_uneven(row) for row in rows]
    lines: list[Line] = []
    for index, row in enumerate(rows):
        neighbours = [rows[other] for other in (index - 1, index + 1) if 0 <= other < len(rows) and tabular[other]]
        is_row = tabular[index] and any(_aligned(row, other) and (_is_uneven(other) or uneven[index]) for other in neighbours)
        lines.append(_line(row, number, is_row=is_row))
    return lines


def _apart(one: Fragment, other: Fragment) -> bool:
    return one.right <= other.left + one.size or other.right <= one.left + one.size


def _is_tabular(row: list[Fragment]) -> bool:
    if len(row) < 2 or fmean(len(fragment.text) for fragment in row) > _CELL_CHARACTERS:
        return False
    listed = len(row) == 2 and len(row[0].text) <= 3  # the number or dot of a list item is no cell
    return not listed and min(_gaps(row)) > _WORD_GAP * row[0].size


def _is_uneven(row: list[Fragment]) -> bool:
    """Whether the gaps differ: those of a justified line of text do not."""
    return len(row) == 2 or (len(row) > 2 and max(_gaps(row)) - min(_gaps(row)) > _JUSTIFIED * max(_gaps(row)))


def _gaps(row: list[Fragment]) -> list[float]:
    return [after.left - before.right for before, after in pairwise(row)]


def _aligned(row: list[Fragment], other: list[Fragment]) -> bool:
    """Whether every cell but the first of the shorter row stands under a cell of the other: by its left, right or middle."""
    shorter, longer = sorted((row, other), key=len)
    near = 0.6 * row[0].size

    def under(cell: Fragment) -> bool:
        return any(
            abs(cell.left - o.left) < near
            or abs(cell.right - o.right) < near
            or abs(cell.left + cell.right - o.left - o.right) < 2 * near
            for o in longer[1:]
        )

    return all(under(cell) for cell in shorter[1:])


def _line(row: list[Fragment], number: int, is_row: bool) -> Line:
    texts = tuple(fragment.text for fragment in row)
    size = round(max(row, key=lambda fragment: len(fragment.text)).size, 1)
    return Line(
        cells=texts if is_row else (" ".join(texts),),
        left=row[0].left,
        right=max(fragment.right for fragment in row),
        top=min(fragment.top for fragment in row),
        bottom=max(fragment.bottom for fragment in row),
        size=size,
        bold=all(fragment.bold for fragment in row),
        column=number,
    )
