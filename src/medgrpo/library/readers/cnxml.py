"""CNXML, the format of OpenStax books. Read: text, captions, tables, lists, glossary. Not read: objectives and exercises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from medgrpo.core import DocumentError
from medgrpo.library.readers.block import Block, Kind, Note, Opened, block, row, squeeze
from medgrpo.library.readers.xml import Element, attribute, name, parse_xml

_SKIPPED = {"metadata", "exercise", "media", "label"}
_QUESTIONS = re.compile(r"question|exercise|problem|multiple-choice|free-response|critical-thinking", re.IGNORECASE)
_EMPTY_REFERENCE = re.compile(r"\s*\(\s*(?:see\s*)?\)")  # links to figures have no text of their own


def open_cnxml(path: Path, _note: Note, /) -> Opened:
    root = parse_xml(path)
    if name(root) != "document":
        raise DocumentError(path, f"is not CNXML: its outermost element is {name(root)!r}, not 'document'")
    title = next((_text(child) for child in root if name(child) == "title"), None)
    licence = next((attribute(part, "url") for part in root.iter() if name(part) == "license"), None)
    date = next((squeeze(part.text or "") for part in root.iter() if name(part) == "revised"), None)
    return Opened("CNXML", _blocks(root), title=title or None, licence=licence, date=date or None)


def _blocks(root: Element) -> Iterator[Block]:
    for child in root:
        if name(child) in {"content", "glossary"}:
            if name(child) == "glossary":
                yield Block(Kind.HEADING, "Glossary", level=1)
            yield from _inside(child, depth=1)


def _inside(parent: Element, depth: int) -> Iterator[Block]:
    for child in parent:
        tag = name(child)
        if tag in _SKIPPED or _QUESTIONS.search(attribute(child, "class") or ""):
            continue
        if tag == "title" and name(parent) in {"section", "note"}:
            yield from block(Kind.HEADING, _text(child), level=depth)
        elif tag in {"para", "caption", "title", "quote", "equation"}:
            yield from _paragraph(child)
        elif tag == "item":
            yield from block(Kind.ITEM, _text(child))
        elif tag == "definition":
            yield from _definition(child)
        elif tag == "row":
            yield from row([_text(entry) for entry in child])
        else:
            yield from _inside(child, depth + (tag == "section"))


def _paragraph(element: Element) -> Iterator[Block]:
    yield from block(Kind.PARAGRAPH, _text(element, without=("list", "table", "figure", "note")))
    for child in element:
        if name(child) in {"list", "table", "figure", "note"}:
            yield from _inside(child, depth=9)


def _definition(element: Element) -> Iterator[Block]:
    term = " ".join(_text(child) for child in element if name(child) == "term")
    meanings = [_text(child) for child in element if name(child) == "meaning"]
    yield from block(Kind.ITEM, f"{term}: {'; '.join(meanings)}")


def _text(element: Element, without: tuple[str, ...] = ()) -> str:
    return squeeze(_EMPTY_REFERENCE.sub("", "".join(_pieces(element, without))))


def _pieces(element: Element, without: tuple[str, ...]) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if name(child) not in without:
            yield from _pieces(child, without)
        yield child.tail or ""
