"""Blocks to passages: paragraphs, lists and tables with their section, page and exact place in the document's text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from medgrpo.library.readers import Block, Kind
from medgrpo.library.records import Passage
from medgrpo.library.sentences import sentences
from medgrpo.library.store import SHORT_ID

LONGEST = 1200  # characters; a longer paragraph is cut between sentences, so that a citation opens on something readable


@dataclass(frozen=True, slots=True)
class Piece:
    """The next stretch of the document's text; `passage` is None for headings and the blanks between passages."""

    text: str
    passage: Passage | None


def passage_id(document_id: str, start_char: int, end_char: int) -> str:
    return f"{document_id[:SHORT_ID]}:{start_char}-{end_char}"


def pieces(document_id: str, blocks: Iterable[Block], licence: str | None, date: str | None) -> Iterator[Piece]:
    """The pieces, joined, are the document's text; each passage's span points into it. Holds one list or table at a time."""
    offset = 0
    section: list[tuple[float, str]] = []

    def piece(text: str, page: int | None) -> Piece:
        end = offset + len(text)
        return Piece(
            text,
            Passage(
                id=passage_id(document_id, offset, end),
                document_id=document_id,
                section=tuple(title for _, title in section),
                page=page,
                start_char=offset,
                end_char=end,
                text=text,
                licence=licence,
                date=date,
            ),
        )

    for kind, text, page, level in _units(blocks):
        if offset:
            yield Piece("\n\n", None)
            offset += 2
        if kind is Kind.HEADING:
            while section and section[-1][0] >= level:
                section.pop()
            section.append((level, text))
            yield Piece(text, None)
            offset += len(text)
            continue
        for blank, part in _parts(text):
            if blank:
                yield Piece(blank, None)
                offset += len(blank)
            yield piece(part, page)
            offset += len(part)


def _units(blocks: Iterable[Block]) -> Iterator[tuple[Kind, str, int | None, float]]:
    """Blocks; items of one list and rows of one table are joined, one per line, as far as the length allows."""
    held: Block | None = None
    lines: list[str] = []
    for block in blocks:
        same = held is not None and block.kind is held.kind and block.kind in {Kind.ITEM, Kind.ROW}
        if held is not None and (not same or sum(map(len, lines)) + len(lines) + len(block.text) > LONGEST):
            yield held.kind, "\n".join(lines), held.page, held.level
            held, lines = None, []
        held = held or block
        lines.append(block.text)
    if held is not None:
        yield held.kind, "\n".join(lines), held.page, held.level


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The text, or where it is long whole sentences of it up to the length; each with the blank before it."""
    if len(text) <= LONGEST or "\n" in text:
        yield "", text
        return
    begin = end = before = 0
    for start, stop in sentences(text):
        if end > begin and stop - begin > LONGEST:
            yield text[before:begin], text[begin:end]
            before, begin = end, start
        end = stop
    yield text[before:begin], text[begin:]
