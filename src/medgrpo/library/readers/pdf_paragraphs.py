"""Lines to paragraphs, headings, list items and table rows; a paragraph goes on over the end of a column or page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from medgrpo.library.readers.block import LONGEST_PARAGRAPH, Block, Kind, block, row, squeeze
from medgrpo.library.readers.pdf_layout import Line
from medgrpo.library.readers.plain import join_lines

_BULLET = re.compile(r"(?:[•▪◦●■‣∙*–]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+(?=\S)")
_LONGEST_HEADING = 120


@dataclass(slots=True)
class Paragraphs:
    """Takes page after page; holds the paragraph that may go on."""

    kind: Kind = Kind.PARAGRAPH
    text: str = ""
    began_on: int = 1
    level: float = 0
    last: Line | None = None

    def page(self, number: int, lines: list[Line], body_size: float) -> Iterator[Block]:
        """The blocks that are finished by the lines of this page. `body_size` is the letter height of running text."""
        self_page_begins = True
        for line in lines:
            if len(line.cells) > 1:
                yield from self.end()
                yield from row(list(line.cells), number)
                self.last = line
                continue
            kind, text = self._kind(line, body_size)
            if self._goes_on(line, kind, page_begins=self_page_begins):
                self.text = join_lines(self.text, text)
            else:
                yield from self.end()
                self.kind, self.text, self.began_on = kind, text, number
                self.level = -line.size + (0.5 if not line.bold else 0)
            self.last, self_page_begins = line, False

    def end(self) -> Iterator[Block]:
        """What is held, as a block."""
        yield from block(self.kind, self.text, self.began_on, self.level if self.kind is Kind.HEADING else 0)
        self.text, self.last = "", None

    def _kind(self, line: Line, body_size: float) -> tuple[Kind, str]:
        text = squeeze(line.text)
        bullet = _BULLET.match(text)
        stands_out = line.size > 1.12 * body_size or (line.bold and line.size > 0.95 * body_size)
        if stands_out and len(text) <= _LONGEST_HEADING and text[-1:] not in ".;," and any(letter.isalpha() for letter in text):
            return Kind.HEADING, text
        return (Kind.ITEM, text[bullet.end() :]) if bullet else (Kind.PARAGRAPH, text)

    def _goes_on(self, line: Line, kind: Kind, *, page_begins: bool) -> bool:
        last = self.last
        if last is None or not self.text or len(self.text) > LONGEST_PARAGRAPH:
            return False
        text = squeeze(line.text)
        if self.kind is Kind.HEADING or kind is Kind.HEADING:
            below = 0 <= line.top - last.bottom < 0.6 * line.size
            return self.kind is kind and abs(line.size - last.size) < 0.5 and below and not page_begins
        if _BULLET.match(text):
            return False
        if page_begins or line.column != last.column:
            return self.text[-1] not in ".!?:" or text[:1].islower()
        if line.top - last.bottom > 0.75 * max(line.size, last.size):
            return False
        indented = line.left - last.left > 0.8 * line.size
        return not (indented and self.text[-1] in ".!?:" and self.kind is Kind.PARAGRAPH)
