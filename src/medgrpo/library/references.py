"""Lists of references are left out: they name concepts and say nothing of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from medgrpo.library.readers import Block, Kind

_HEADING = re.compile(
    r"(?:\d+\.?\s*)?(?:references?(?: list| cited)?|bibliography|literature(?: cited)?|works cited|further reading|citations)",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    r"\bet al\b|\bdoi\b|https?://|\bpmid\b|\b(?:19|20)\d\d\s*[;:]|[;,]\s*\d+\s*(?:\(\d+\))?\s*:\s*e?\d+|\((?:19|20)\d\d[a-z]?\)"
    r"|^\W*\d{0,3}\W*[A-Z][\w'-]+,? (?:[A-Z]\.?-?){1,3}(?:,| and |\.)",
    re.IGNORECASE,
)
_PATIENCE = 3  # paragraphs in a row that look like none are text again


def without_references(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks without lists of references: from such a heading to the next one, or to where paragraphs look like text again."""
    skipping, held = False, list[Block]()
    for block in blocks:
        if block.kind is Kind.HEADING:
            skipping, held = bool(_HEADING.fullmatch(block.text.strip(" :."))), []
        if not skipping:
            yield block
        elif block.kind is not Kind.HEADING:
            held = [] if _ENTRY.search(block.text) else [*held, block]
            if len(held) == _PATIENCE:
                yield from held
                skipping = False
