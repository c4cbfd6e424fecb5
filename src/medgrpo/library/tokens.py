"""Words of a text in the form in which they are compared: no case, no accents, singular, hyphens as blanks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

_WORD = re.compile(r"(?<=[^\W_]['’])s\b|[^\W_]+")
_IRREGULAR = {
    "vertebrae": "vertebra", "cavae": "cava", "calculi": "calculus", "diagnoses": "diagnosis", "anastomoses": "anastomosis",
    "metastases": "metastasis", "stenoses": "stenosis", "viscera": "viscus", "omenta": "omentum", "hila": "hilum",
    "canaliculi": "canaliculus", "lumina": "lumen", "foramina": "foramen", "rami": "ramus", "nuclei": "nucleus", "villi": "villus",
    "acini": "acinus", "ganglia": "ganglion", "bronchi": "bronchus", "fistulae": "fistula", "bursae": "bursa", "atria": "atrium",
    "septa": "septum", "fasciae": "fascia", "papillae": "papilla", "thrombi": "thrombus", "emboli": "embolus",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its comparable form and its place."""

    form: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words; a possessive 's is none."""
    return [
        Token(form(match.group()), match.start(), match.end()) for match in _WORD.finditer(text) if not _possessive(text, match)
    ]


def forms(text: str) -> tuple[str, ...]:
    """Only the comparable forms."""
    return tuple(token.form for token in tokens(text))


def _possessive(text: str, match: re.Match[str]) -> bool:
    return match.group() == "s" and match.start() > 0 and text[match.start() - 1] in "'’"


@lru_cache(maxsize=65536)
def form(word: str) -> str:
    """The comparable form of one word: "Arteries" and "artery" have the same."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)) or word
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    if len(plain) > 4 and plain.endswith("ies"):
        return plain[:-3] + "y"
    if len(plain) > 4 and plain.endswith(("sses", "xes", "ches", "shes", "zes")):
        return plain[:-2]
    if len(plain) > 3 and plain.endswith("s") and not plain.endswith(("ss", "us", "is")):
        return plain[:-1]
    return plain


V = TypeVar("V")


class PhraseTable(Generic[V]):
    """Phrases of several words, found in a token list in one pass: at each word the longest phrase that begins there."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, ...], list[V]] = {}
        self._longest: dict[str, int] = {}

    def add(self, phrase: tuple[str, ...], value: V) -> None:
        if phrase:
            values = self._values.setdefault(phrase, [])
            if value not in values:
                values.append(value)
            self._longest[phrase[0]] = max(len(phrase), self._longest.get(phrase[0], 0))

    def at(self, words: list[Token], index: int) -> tuple[int, list[V]] | None:
        """How many words the longest phrase from here has, and its values; None where no phrase begins."""
        longest = self._longest.get(words[index].form)
        if longest is None:
            return None
        for length in range(min(longest, len(words) - index), 0, -1):
            values = self._values.get(tuple(word.form for word in words[index : index + length]))
            if values is not None:
                return length, values
        return None

    def get(self, phrase: tuple[str, ...]) -> list[V]:
        return self._values.get(phrase, [])
