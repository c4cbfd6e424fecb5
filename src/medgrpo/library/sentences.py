"""Text to sentences. A full stop after an abbreviation, an initial or a number ends none; a line break always does."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(r"[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9À-Þ•¿])")
LONGEST_SENTENCE = 2000
"""Characters; no person writes longer ones, but tables without rows and damaged files do, and they shall not take hours."""

_LONGEST_WORD = 40
_LAST_WORD = re.compile(r"(?:^|[\s(\[“\"])([^\s(\[“\"]+)$")
_NEVER_LAST = frozenset(
    {"fig", "figs", "e.g", "eg", "i.e", "ie", "dr", "prof", "mr", "mrs", "ms", "vs", "cf", "al", "approx", "ca", "st", "ref",
     "refs", "eq", "eqs", "tab", "sec", "ch", "chap", "vol", "ed", "eds", "pp", "resp", "viz", "lig", "art", "aa", "vv", "nn"}
)  # fmt: skip
_BEFORE_NUMBER = frozenset({"no", "nos", "p", "n", "stage", "type", "grade", "class", "level", "vol"})
_INITIAL = re.compile(r"(?:[A-Z]|(?:[A-Z]\.)+[A-Z])$")


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, half-open, without outer blanks, in order."""
    spans: list[tuple[int, int]] = []
    start = 0
    for line in text.split("\n"):
        begin = start
        for match in _END.finditer(text, start, start + len(line)):
            if _ends_here(text[max(begin, match.start() - _LONGEST_WORD) : match.start()], match.group(), text[match.end()]):
                spans.append((begin, match.end()))
                begin = match.end()
        spans.append((begin, start + len(line)))
        start += len(line) + 1
    stripped = (_strip(text, *part) for span in spans for part in _cut(text, *span))
    return [(begin, end) for begin, end in stripped if begin < end]


def _cut(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence; what is too long to be one in parts, cut at blanks where there are any."""
    while end - begin > LONGEST_SENTENCE:
        blank = text.rfind(" ", begin + 1, begin + LONGEST_SENTENCE)
        middle = blank if blank > 0 else begin + LONGEST_SENTENCE
        yield begin, middle
        begin = middle
    yield begin, end


def _ends_here(before: str, mark: str, following: str) -> bool:
    if mark[0] != "." or mark.startswith(".."):
        return True
    found = _LAST_WORD.search(before)
    word = found[1] if found else ""
    lowered = word.casefold().rstrip(".")
    if lowered in _NEVER_LAST or (lowered in _BEFORE_NUMBER and following.isdigit()):
        return False
    return not (_INITIAL.fullmatch(word) and len(before) > len(word) and following.isalpha())


def _strip(text: str, begin: int, end: int) -> tuple[int, int]:
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    return begin, end
