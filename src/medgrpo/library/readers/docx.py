"""DOCX: paragraphs, headings by their style, lists and tables, in the order of the document."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgrpo.core import DocumentError
from medgrpo.library.readers.block import Block, Kind, Note, Opened, block, optional, row

_LARGEST_BYTES = 1 << 30  # unpacked; a whole textbook's text is some 10 MB, more is a zip bomb or no text
_OLE = b"\xd0\xcf\x11\xe0"  # Word wraps an encrypted document, and its format before 2007, in this container


def open_docx(path: Path, _note: Note, /) -> Opened:
    with path.open("rb") as stream:
        head = stream.read(4)
    if head == _OLE:
        raise DocumentError(path, "is encrypted, or of Word before 2007: save it as DOCX without a password")
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise DocumentError(path, f"is no DOCX file: {error}") from error
    if unpacked > _LARGEST_BYTES:
        raise DocumentError(path, f"would unpack to {unpacked:,} bytes, more than {_LARGEST_BYTES:,}: not read")
    docx = optional("docx", "python-docx")
    try:
        document = docx.Document(str(path))
    except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile, docx.opc.exceptions.PackageNotFoundError) as error:
        raise DocumentError(path, f"is no DOCX file, or a damaged one: {error}") from error
    return Opened("DOCX", _blocks(document), title=document.core_properties.title or None)


def _blocks(document: Any) -> Iterator[Block]:
    for part in document.iter_inner_content():
        if hasattr(part, "rows"):
            for line in part.rows:
                yield from row(_cells(line))
        else:
            style = part.style.name if part.style is not None else ""
            heading = re.fullmatch(r"Heading (\d)", style)
            if heading or style == "Title":
                yield from block(Kind.HEADING, part.text, level=int(heading[1]) if heading else 0)
            else:
                yield from block(Kind.ITEM if style.startswith("List") else Kind.PARAGRAPH, part.text)


def _cells(line: Any) -> list[str]:
    """The texts of a row; a cell that spans several columns is given once for each of them and read once."""
    cells: list[Any] = []
    for cell in line.cells:
        if not cells or cell._tc is not cells[-1]._tc:
            cells.append(cell)
    return [cell.text for cell in cells]
