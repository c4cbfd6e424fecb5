"""PDF, through PDFium: words with their boxes, page by page, so that a book of thousands of pages needs the memory of a few."""

from __future__ import annotations

import ctypes
import math
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgrpo.core import DocumentError
from medgrpo.library.readers.block import Block, Note, Opened, optional, squeeze
from medgrpo.library.readers.pdf_layout import Fragment, Line, page_lines
from medgrpo.library.readers.pdf_paragraphs import Paragraphs
from medgrpo.library.readers.pdf_running import without_running

_LOOK_ROUND = 4  # pages on either side in which a running header has to come again
_LINE_END_HYPHEN = 2  # what PDFium gives for a hyphen that divides a word
_NO_TEXT_NAMED = 8  # so many page numbers are named one by one


def open_pdf(path: Path, note: Note, /) -> Opened:
    with path.open("rb") as stream:
        if b"%PDF-" not in stream.read(1024):
            raise DocumentError(path, "is no PDF: it does not begin with %PDF-")
    pdfium = optional("pypdfium2", "pypdfium2")
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise DocumentError(path, "is encrypted and opens with a password only: save it without one") from error
        raise DocumentError(path, f"is a damaged PDF: {error}") from error
    if len(document) == 0:
        document.close()
        raise DocumentError(path, "is a PDF without pages")
    title = squeeze(document.get_metadata_value("Title")) or None
    pages = _Pages(pdfium, document, path, note)
    return Opened("PDF", pages.blocks(), title=title, pages=len(document), close=document.close)


@dataclass(slots=True)
class _Pages:
    """One pass over the pages: read, rid of what is repeated on them, and joined to paragraphs across their ends."""

    pdfium: Any
    document: Any
    path: Path
    note: Note
    without_text: list[int] = field(default_factory=list[int])
    sizes: Counter[float] = field(default_factory=Counter[float])

    def blocks(self) -> Iterator[Block]:
        paragraphs = Paragraphs()
        window: deque[list[Line]] = deque(maxlen=2 * _LOOK_ROUND + 1)
        waiting: deque[tuple[int, list[Line]]] = deque()
        for number in range(1, len(self.document) + 1):
            lines = self._lines(number)
            window.append(lines)
            waiting.append((number, lines))
            if len(waiting) > _LOOK_ROUND:
                yield from self._finish(*waiting.popleft(), window, paragraphs)
        while waiting:
            yield from self._finish(*waiting.popleft(), window, paragraphs)
        yield from paragraphs.end()
        self._say_what_has_no_text()

    def _finish(self, number: int, lines: list[Line], window: deque[list[Line]], paragraphs: Paragraphs) -> Iterator[Block]:
        body_size = self.sizes.most_common(1)[0][0] if self.sizes else 0.0
        others = [page for page in window if page is not lines]
        yield from paragraphs.page(number, without_running(lines, others, body_size), body_size)

    def _lines(self, number: int) -> list[Line]:
        try:
            page = self.document[number - 1]
            try:
                fragments = _fragments(self.pdfium, page)
            finally:
                page.close()
        except self.pdfium.PdfiumError as error:
            self.note(f"page {number} is damaged and was not read: {error}")
            return []
        if not fragments:
            self.without_text.append(number)
        lines = page_lines(fragments)
        for line in lines:
            self.sizes[line.size] += len(line.text)
        return lines

    def _say_what_has_no_text(self) -> None:
        missing = self.without_text
        if len(missing) == len(self.document):
            which = "its page has" if len(missing) == 1 else f"none of its {len(missing)} pages has"
            raise DocumentError(
                self.path, f"has no text layer ({which} {'no text' if len(missing) == 1 else 'text'}): scanned; run OCR on it first"
            )
        if missing:
            named = ", ".join(map(str, missing[:_NO_TEXT_NAMED]))
            more = f" and {len(missing) - _NO_TEXT_NAMED} more" if len(missing) > _NO_TEXT_NAMED else ""
            self.note(f"no text layer on page {named}{more}: empty, or scanned (run OCR)")


def _fragments(pdfium: Any, page: Any) -> list[Fragment]:
    """The words of a page, joined where they stand on one line with no gap of a column between them."""
    raw, text_page = pdfium.raw, page.get_textpage()
    turned, (width, height) = page.get_rotation(), page.get_size()
    if turned % 180:
        width, height = height, width  # the size is that of the page as shown, the boxes are not turned
    box = raw.FS_RECTF()
    unicode_at, loose_box, angle_at = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, raw.FPDFText_GetCharAngle
    handle, box_reference = text_page.raw, ctypes.byref(box)

    def corners(index: int) -> tuple[float, float, float, float]:
        """left, top, right, bottom of a character, from the shown page's top left."""
        loose_box(handle, index, box_reference)
        left, right, top, bottom = box.left, box.right, height - box.top, height - box.bottom
        if turned == 90:
            return height - bottom, left, height - top, right
        if turned == 180:
            return width - right, height - bottom, width - left, height - top
        if turned == 270:
            return top, width - right, bottom, width - left
        return left, top, right, bottom

    name_buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()

    def font_name(index: int) -> bytes:
        raw.FPDFText_GetFontInfo(handle, index, name_buffer, len(name_buffer), ctypes.byref(flags))
        return name_buffer.value.lower()

    fragments: list[Fragment] = []
    letters: list[str] = []
    start, new_line, count = 0, True, text_page.count_chars()
    for index in range(count + 1):
        code = unicode_at(handle, index) if index < count else 10
        if code > 32 and code != 0xA0:
            if not letters:
                start = index
            letters.append(chr(code) if code < 0xD800 or 0xDFFF < code < 0xFFFE else "")
            continue
        if code == _LINE_END_HYPHEN and letters:
            letters.append("-")
        if letters:
            angle = math.degrees(angle_at(handle, start)) % 360
            if min(abs(angle - turned) % 360, abs(angle + turned) % 360, key=lambda a: min(a, 360 - a)) % 358 < 2:
                left, top, _, bottom = corners(start)
                right = corners(index - 1)[2]
                bold = raw.FPDFText_GetFontWeight(handle, start) >= 600 or b"bold" in font_name(start)
                word = Fragment("".join(letters), left, right, top, bottom, bold)
                if not new_line and fragments and fragments[-1].goes_on_with(word):
                    fragments[-1] = fragments[-1].joined(word)
                else:
                    fragments.append(word)
                new_line = False
            letters = []
        if code in (10, 13, _LINE_END_HYPHEN):
            new_line = True
    text_page.close()
    return fragments
