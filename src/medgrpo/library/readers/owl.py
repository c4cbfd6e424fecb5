"""OWL and RDF/XML: the labels, definitions and comments of its classes and properties, as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medgrpo.core import DocumentError
from medgrpo.library.readers.block import Block, Kind, Note, Opened, block, squeeze
from medgrpo.library.readers.xml import Element, attribute, name, parse_xml

_LABELS = ("label", "prefLabel")
_OTHER_NAMES = ("altLabel", "hasExactSynonym", "IAO_0000118", "IAO_0000111")
_TEXTS = ("definition", "IAO_0000115", "comment", "description", "scopeNote", "abstract", "note")


def open_owl(path: Path, _note: Note, /) -> Opened:
    root = parse_xml(path)
    if name(root) != "RDF":
        raise DocumentError(path, f"is not RDF/XML: its outermost element is {name(root)!r}, not 'RDF'")
    header = next((part for part in root if name(part) == "Ontology"), None)
    facts = {} if header is None else {name(part): attribute(part, "resource") or squeeze(part.text or "") for part in header}
    return Opened(
        "OWL",
        _blocks(root),
        title=facts.get("title") or facts.get("label") or None,
        licence=facts.get("license") or None,
        date=facts.get("date") or facts.get("issued") or None,
    )


def _blocks(root: Element) -> Iterator[Block]:
    for entry in root:
        texts = [squeeze(part.text or "") for part in entry if name(part) in _TEXTS and part.text]
        labels = [squeeze(part.text or "") for part in entry if name(part) in _LABELS and part.text]
        others = [squeeze(part.text or "") for part in entry if name(part) in _OTHER_NAMES and part.text]
        words = [*labels, *others] or [_local(attribute(entry, "about") or "")]
        if not (texts or labels or others):
            continue
        yield from block(Kind.HEADING, f"{name(entry)} {words[0]}", level=1)
        yield from block(Kind.PARAGRAPH, "; ".join(words) + "." if words[0] else "")
        for text in texts:
            yield from block(Kind.PARAGRAPH, text)


def _local(iri: str) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2].replace("_", " ")
