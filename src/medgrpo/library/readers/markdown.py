"""Markdown (CommonMark with tables), and the title, date and licence of its front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgrpo.library.readers.block import Block, Kind, Note, Opened, block, optional, row
from medgrpo.library.readers.plain import decode

_FRONT = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*(?:\n|\Z)", re.DOTALL)
_FACT = re.compile(r"^(title|date|licen[cs]e)\s*:\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)


def open_markdown(path: Path, note: Note, /) -> Opened:
    text = decode(path, path.read_bytes(), note)
    front = _FRONT.match(text)
    facts = {
        key.lower().replace("license", "licence"): value.strip("'\"") for key, value in _FACT.findall(front[1] if front else "")
    }
    body = text[front.end() :] if front else text
    title = facts.get("title")
    return Opened("Markdown", _blocks(body), title=title, licence=facts.get("licence"), date=facts.get("date"))


def _blocks(text: str) -> Iterator[Block]:
    parser = optional("markdown_it", "markdown-it-py").MarkdownIt("commonmark").enable("table")
    level, lists = 0, 0
    cells: list[str] | None = None
    for token in parser.parse(text):
        kind: str = token.type
        if kind == "heading_open":
            level = int(token.tag[1:])
        elif kind in {"bullet_list_open", "ordered_list_open"}:
            lists += 1
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            lists -= 1
        elif kind == "tr_open":
            cells = []
        elif kind == "tr_close":
            yield from row(cells or [])
            cells = None
        elif kind == "heading_close":
            level = 0
        elif kind == "inline":
            words = _words(token.children or [])
            if cells is not None:
                cells.append(words)
            elif level:
                yield from block(Kind.HEADING, words, level=level)
            else:
                yield from block(Kind.ITEM if lists else Kind.PARAGRAPH, words)


def _words(children: list[Any]) -> str:
    pieces: list[str] = []
    for child in children:
        if child.type in {"text", "code_inline"}:
            pieces.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            pieces.append(" ")
    return "".join(pieces)
