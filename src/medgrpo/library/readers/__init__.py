"""Readers: a file becomes a stream of blocks of text. One reader is one file here and one line in READERS."""

from __future__ import annotations

from pathlib import Path

from medgrpo.core import DocumentError
from medgrpo.library.readers import cnxml, docx, html, markdown, owl, pdf, plain
from medgrpo.library.readers.block import Block, Kind, Note, Opened, Reader

__all__ = ["READERS", "Block", "Kind", "Note", "Opened", "is_known", "open_document"]

READERS: dict[str, Reader] = {
    ".pdf": pdf.open_pdf,
    ".html": html.open_html,
    ".htm": html.open_html,
    ".xhtml": html.open_html,
    ".md": markdown.open_markdown,
    ".markdown": markdown.open_markdown,
    ".txt": plain.open_plain,
    ".text": plain.open_plain,
    ".cnxml": cnxml.open_cnxml,
    ".docx": docx.open_docx,
    ".owl": owl.open_owl,
    ".rdf": owl.open_owl,
}
"""The end of a file's name, and who reads it."""


def is_known(path: Path) -> bool:
    """Whether a reader takes files of this name."""
    return path.suffix.lower() in READERS


def open_document(path: Path, note: Note) -> Opened:
    """Open a document for reading; DocumentError when it cannot be, also later while its blocks are taken.

    `note` is told, in words, what was guessed and which pages could not be read.
    """
    if not is_known(path):
        known = " ".join(sorted(READERS))
        raise DocumentError(path, f"no reader for {path.suffix or 'a name without an ending'}; known are {known}")
    try:
        return READERS[path.suffix.lower()](path, note)
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror or error}") from error
