"""HTML, parsed as browsers do it. Left out: scripts, navigation, forms, and parts that are marked as references."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from medgrpo.core import DocumentError
from medgrpo.library.readers.block import Block, Kind, Note, Opened, block, optional, row, squeeze
from medgrpo.library.readers.plain import decode

_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "select", "iframe", "svg", "math",
     "head", "object", "audio", "video"}
)  # fmt: skip
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
     "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
)  # fmt: skip
_ITEMS = {"li", "dt", "dd"}
DEEPEST = 10_000
_TAG = re.compile(r"<!--|<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)")
_RAW = frozenset({"script", "style", "textarea", "title", "iframe", "xmp"})
_NOT_NESTING = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",  # never hold anything
     "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup"}  # end by themselves
)  # fmt: skip
_REFERENCES = re.compile(r"(?:^|[\s_-])(?:references?|ref-list|reflist|bibliography)(?:$|[\s_-])", re.IGNORECASE)
_DECLARED = re.compile(rb"""<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_DATES = ("citation_publication_date", "citation_date", "dc.date", "dcterms.date", "article:published_time", "date")


def open_html(path: Path, note: Note, /) -> Opened:
    text = _decode(path, path.read_bytes(), note)
    line = too_deep(text)
    if line is not None:
        raise DocumentError(path, f"nests its elements more than {DEEPEST:,} deep (line {line:,}): no page made to be read does so")
    tree = optional("selectolax.lexbor", "selectolax").LexborHTMLParser(text)
    metas = {
        str(key).lower(): node.attributes.get("content")
        for node in tree.css("meta")
        if (key := node.attributes.get("name") or node.attributes.get("property"))
    }
    link = tree.css_first("link[rel~=license], a[rel~=license]")
    title = tree.css_first("title")
    return Opened(
        "HTML",
        _blocks(tree.body),
        title=(squeeze(title.text()) or None) if title is not None else None,
        licence=(link.attributes.get("href") if link is not None else None) or metas.get("dcterms.license"),
        date=next((metas[key] for key in _DATES if metas.get(key)), None),
    )


def too_deep(text: str) -> int | None:
    """The line on which elements nest deeper than `DEEPEST`, or None: the parser's time grows with the square of the depth.

    An estimate in one pass: an end tag closes what was opened since its start tag, one without a start tag nothing.
    """
    opened: list[str] = []
    standing: Counter[str] = Counter()
    at = 0
    while (tag := _TAG.search(text, at)) is not None:
        at, name = tag.end(), (tag[2] or "").lower()
        if (name in _RAW and not tag[1]) or not name:  # what stands in a script or a comment is no element
            end = re.compile(f"</{name}", re.IGNORECASE).search(text, at) if name else re.compile("-->").search(text, at)
            if end is None:
                return None
            at = end.start() if name else end.end()
        elif tag[1] and standing[name]:
            while opened[-1] != name:
                standing[opened.pop()] -= 1
            standing[opened.pop()] -= 1
        elif not tag[1] and name not in _NOT_NESTING and not (tag[3].endswith("/") and (standing["svg"] or standing["math"])):
            opened.append(name)
            standing[name] += 1
            if len(opened) > DEEPEST:
                return text.count("\n", 0, at) + 1
    return None


def _decode(path: Path, data: bytes, note: Note) -> str:
    declared = _DECLARED.search(data[:4096])
    if declared is None or data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return decode(path, data, note)
    encoding = declared[1].decode("ascii")
    try:
        return data.decode({"iso-8859-1": "cp1252", "latin1": "cp1252"}.get(encoding.lower(), encoding))  # as browsers do
    except LookupError as error:
        raise DocumentError(path, f"declares the encoding {encoding!r}, which is not known") from error
    except UnicodeDecodeError as error:
        note(f"declares {encoding} but is not (byte {error.start})")
        return decode(path, data, note)


def _blocks(body: Any) -> Iterator[Block]:
    """Depth first without recursion: pages nest deeper than Python's stack. A block element ends the text before it."""
    pieces: list[str] = []
    kind = Kind.PARAGRAPH
    stack: list[Any] = [body] if body is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, Kind):
            yield from block(kind, "".join(pieces))
            pieces, kind = [], node
            continue
        tag: str = node.tag or ""
        if tag == "-text":
            pieces.append(node.text_content or "")
        elif tag in _SKIPPED or tag.startswith("-") or _is_references(node):
            continue
        elif tag == "br":
            pieces.append(" ")
        elif tag in _INLINE:
            stack.extend(reversed(_children(node)))
        else:
            yield from block(kind, "".join(pieces))
            pieces = []
            if re.fullmatch("h[1-6]", tag):
                yield from block(Kind.HEADING, node.text(deep=True), level=int(tag[1]))
            elif tag == "tr" and node.css_first("table") is None:
                yield from row([cell.text(deep=True, separator=" ") for cell in _children(node) if cell.tag in {"td", "th"}])
            else:
                stack.append(kind)
                stack.extend(reversed(_children(node)))
                kind = Kind.ITEM if tag in _ITEMS else kind
    yield from block(kind, "".join(pieces))


def _children(node: Any) -> list[Any]:
    found: list[Any] = []
    child = node.child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _is_references(node: Any) -> bool:
    attributes = node.attributes
    marks = f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('role') or ''}"
    return node.tag in {"section", "div", "ol", "ul"} and bool(_REFERENCES.search(marks))
