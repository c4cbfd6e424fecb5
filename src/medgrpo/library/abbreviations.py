"""Abbreviations that a text defines itself: "common bile duct (CBD)" or "CBD (common bile duct)".

The long form is found as by Schwartz and Hearst (Pacific Symposium on Biocomputing 2003): every letter of the short form, from its
last to its first, stands in the words before the bracket, the first one at the beginning of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_IN_BRACKETS = re.compile(r"\(\s*([A-Za-z][\w/&-]{0,9}?[A-Z][\w/&-]{0,9}?|[A-Z][\w/&-]{0,9}[A-Z\d])s?\s*[);,]")
_SHORT_FIRST = re.compile(r"\b([A-Z][A-Z\d/&-]{1,9})s?\s+\(([a-z][^()]{3,80})\)")


@dataclass(frozen=True, slots=True)
class Definition:
    """A short form and the place of its long form in the text."""

    short: str
    start_char: int
    end_char: int


def definitions(text: str) -> Iterator[Definition]:
    """Every abbreviation that the text defines."""
    for match in _IN_BRACKETS.finditer(text):
        short, before = match[1], text[: match.start()].rstrip()
        start = _long_form_start(short, before)
        if start is not None:
            yield Definition(short, start, len(before))
    for match in _SHORT_FIRST.finditer(text):
        start = _long_form_start(match[1], match[2])
        if start is not None:
            yield Definition(match[1], match.start(2) + start, match.end(2))


def _long_form_start(short: str, before: str) -> int | None:
    words = [match.start() for match in re.finditer(r"\S+", before)]
    reach = words[-min(len(words), len(short) + 5, 2 * len(short)) :] if words else []
    if not reach:
        return None
    earliest, place = reach[0], len(before)
    letters = [letter.casefold() for letter in short if letter.isalnum()]
    for index in range(len(letters) - 1, -1, -1):
        place -= 1
        while place >= earliest and not (before[place].casefold() == letters[index] and (index > 0 or _begins_word(before, place))):
            place -= 1
        if place < earliest:
            return None
    return place if len(before) - place > len(short) else None


def _begins_word(text: str, place: int) -> bool:
    return place == 0 or not text[place - 1].isalnum()
