"""What every reader gives: a few facts that the file states, and its text as a stream of blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from medgrpo.core import MissingExtra


class Kind(StrEnum):
    """What a block is; items and rows that follow one another belong to one list or table."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of text on one line. `page` counts from 1. `level` ranks headings: the smaller, the further out."""

    kind: Kind
    text: str
    page: int | None = None
    level: float = 0

    def __post_init__(self) -> None:
        if not self.text or self.text != squeeze(self.text):
            raise ValueError(f"a block's text is one line without outer blanks, got {self.text[:40]!r}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that has been opened. `blocks` may be taken once."""

    format: str
    blocks: Iterator[Block]
    title: str | None = None
    licence: str | None = None
    date: str | None = None
    pages: int | None = None
    close: Callable[[], None] = field(default=lambda: None)


Note = Callable[[str], None]


class Reader(Protocol):
    """Opens one format. DocumentError for what is not readable as it; OSError is left to the caller."""

    def __call__(self, path: Path, note: Note, /) -> Opened: ...


LONGEST_PARAGRAPH = 20_000
"""Characters after which readers that join lines begin a new block: no paragraph of prose is so long, and joining takes time."""

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u200b\u200e\u200f\ufeff\ufffe\uffff\ud800-\udfff]+")


def squeeze(text: str) -> str:
    """One line: every run of blanks, control characters and broken surrogates is one space; soft hyphens go."""
    return _BLANKS.sub(" ", text.replace("\u00ad", "")).strip()


def block(kind: Kind, text: str, page: int | None = None, level: float = 0) -> Iterator[Block]:
    """The block, or nothing where there is no text."""
    squeezed = squeeze(text)
    if squeezed:
        yield Block(kind, squeezed, page, level)


def row(cells: list[str], page: int | None = None) -> Iterator[Block]:
    """A table row: its cells that hold text, with bars between them."""
    texts = [squeeze(cell) for cell in cells]
    yield from block(Kind.ROW, " | ".join(text for text in texts if text), page)


def optional(module: str, package: str) -> Any:
    """A library of the extra `knowledge`, imported when it is first needed; MissingExtra names the pip command."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra("reading this document", "knowledge", package) from error
