"""Plain text: paragraphs between blank lines, headings by their look, and the encoding, said when it was guessed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from medgrpo.core import DocumentError
from medgrpo.library.readers.block import LONGEST_PARAGRAPH, Block, Kind, Note, Opened, block, optional

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"))
_BOMS_16 = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NO_TEXT = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP file, as DOCX is"),
    (b"{\\rtf", "RTF"),
    (b"\xd0\xcf\x11\xe0", "an old Word file"),
)
_GUESSES = ["cp1252", "latin_1", "iso8859_15", "cp1250", "cp1251", "mac_roman", "shift_jis", "gb18030", "euc_kr", "big5"]

_ITEM = re.compile(r"\s*(?:[-*•–]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+(?=\S)")
_LABEL = re.compile(r"\s*([A-Z][A-Z0-9 /&,'()-]{2,48}):(?:\s+(.*))?$")  # the FINDINGS: of an operative note
_NUMBERED = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+[A-Z][^.!?]{2,70}$")
_RULE = re.compile(r"\s*([=\-~_*#])\1{2,}\s*$")


def open_plain(path: Path, note: Note, /) -> Opened:
    text = decode(path, path.read_bytes(), note)
    pages = text.count("\f") + 1 if "\f" in text else None
    return Opened("plain text", _blocks(text), pages=pages)


def decode(path: Path, data: bytes, note: Note) -> str:
    """Bytes to text: by its byte order mark, else UTF-8, else a guess that `note` is told. DocumentError when it is no text."""
    for head, what in _NO_TEXT:
        if data.startswith(head):
            raise DocumentError(path, f"is not text but {what}: give it the ending of what it is")
    for mark, encoding in (*_BOMS, *_BOMS_16):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise DocumentError(path, f"begins as {encoding} text but is not (byte {error.start})") from error
    if (wide := _wide(data[:4096])) is not None:
        raise DocumentError(path, f"looks like {wide} without a byte order mark, which is not guessed: save it as UTF-8")
    if b"\x00" in data:
        raise DocumentError(path, f"is not text: it holds a zero byte (byte {data.index(0)})")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    best = optional("charset_normalizer", "charset-normalizer").from_bytes(data, cp_isolation=_GUESSES).best()
    if best is None:
        raise DocumentError(path, "is not text in an encoding that can be told: save it as UTF-8")
    note(f"the encoding is not stated and not UTF-8; guessed {best.encoding}")
    return str(best)


def _wide(data: bytes) -> str | None:
    """The two-byte encoding that zeros at every other place (ASCII letters, mostly) speak for; None where they do not."""
    pairs = len(data) // 2
    first, second = (data[place : 2 * pairs : 2].count(0) for place in (0, 1))
    if pairs < 2 or max(first, second) < 0.5 * pairs or min(first, second) > 0.05 * pairs:
        return None
    return "UTF-16, big-endian," if first > second else "UTF-16, little-endian,"


def _blocks(text: str) -> Iterator[Block]:
    paged = "\f" in text
    for number, page_text in enumerate(text.split("\f"), start=1):
        page = number if paged else None
        for lines in _groups(page_text):
            yield from _group(lines, page)


def _groups(text: str) -> Iterator[list[str]]:
    """Runs of lines without a blank one between them."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip():
            lines.append(line)
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _group(lines: list[str], page: int | None) -> Iterator[Block]:
    if len(lines) == 2 and _RULE.match(lines[1]):
        yield from block(Kind.HEADING, lines[0], page, level=1 if lines[1].strip()[0] == "=" else 2)
        return
    if len(lines) == 1 and _is_heading(lines[0]):
        numbered = _NUMBERED.match(lines[0])
        yield from block(Kind.HEADING, lines[0].strip().rstrip(":"), page, level=2 + numbered[1].count(".") if numbered else 2)
        return
    kind, waiting = Kind.PARAGRAPH, ""
    for line in lines:
        label, item = _LABEL.match(line), _ITEM.match(line)
        if _RULE.match(line):
            continue
        if label or item or len(waiting) > LONGEST_PARAGRAPH:
            yield from block(kind, waiting, page)
            kind, waiting = (Kind.ITEM, line[item.end() :]) if item else (Kind.PARAGRAPH, "" if label else line)
            if label:
                yield from block(Kind.HEADING, label[1], page, level=3)
                waiting = label[2] or ""
        else:
            waiting = join_lines(waiting, line)
    yield from block(kind, waiting, page)


def _is_heading(line: str) -> bool:
    words = line.strip()
    if len(words) > 80 or words[-1] in ".!?;,":
        return False
    return words.isupper() or (words[-1] == ":" and len(words) <= 50) or bool(_NUMBERED.match(line))


_KEPT_HYPHEN = re.compile(r"(?:^|\s)(?:non|self|well|half|x|t)-$", re.IGNORECASE)


def join_lines(before: str, line: str) -> str:
    """Two lines of one paragraph; a word divided at the line's end becomes whole again."""
    before, line = before.rstrip(), line.strip()
    if not before:
        return line
    if before[-1] in "-\u00ad\u2010\x02" and len(before) > 1 and before[-2].isalpha() and line[:1].islower():
        return (before if _KEPT_HYPHEN.search(before) else before[:-1]) + line
    return f"{before} {line}"
