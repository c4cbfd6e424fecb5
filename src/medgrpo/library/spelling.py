"""Slips of the pen in long words: "gallblader" is no word, and one letter away from one word of the vocabulary only.

Words of everyday English are never corrected ("irritation" is not "irrigation"); which those are says the word list that the
sentence model brings (`data/bert_uncased_vocabulary.txt`), plural and other forms apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from medgrpo.library.tokens import form

_SHORTEST = 8  # letters of a word that is meant; what is written may lack one of them


@cache
def _everyday() -> frozenset[str]:
    text = files("medgrpo.library").joinpath("data/bert_uncased_vocabulary.txt").read_text(encoding="utf-8")
    return frozenset(form(word) for word in text.split() if word.isalpha())


@dataclass(slots=True)
class Speller:
    """The vocabulary's long words, found by what is left when one letter is taken out of them."""

    _known: set[str] = field(default_factory=set[str])
    _shortened: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _answers: dict[str, str | None] = field(default_factory=dict[str, "str | None"])

    def add(self, words: tuple[str, ...]) -> None:
        """Words in comparable form."""
        for word in words:
            if word not in self._known:
                self._known.add(word)
                if len(word) >= _SHORTEST and word.isalpha():
                    for short in _without_one(word):
                        self._shortened.setdefault(short, set()).add(word)

    def meant(self, word: str) -> str | None:
        """The one word of the vocabulary that is one letter left out, added, changed or swapped away; None where there is none, or
        where the word is a word itself. The first letter is always kept."""
        if len(word) < _SHORTEST - 1 or word in self._known or not word.isalpha():
            return None
        if word not in self._answers:
            near = {meant for short in (word, *_without_one(word)) for meant in self._shortened.get(short, ())}
            near |= {known for known in _without_one(word) if known in self._known and len(known) >= _SHORTEST}
            close = {meant for meant in near if meant[0] == word[0] and _one_slip(word, meant)}
            self._answers[word] = close.pop() if len(close) == 1 and word not in _everyday() else None
        return self._answers[word]


def _without_one(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(1, len(word)))


def _one_slip(written: str, meant: str) -> bool:
    """Whether one letter is left out, added or changed, or two neighbours are swapped."""
    if abs(len(written) - len(meant)) > 1:
        return False
    first = next((i for i, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), min(len(written), len(meant)))
    tail, goal = written[first:], meant[first:]
    swapped = tail[1::-1] + tail[2:] if len(tail) > 1 else tail
    return tail == goal[1:] or tail[1:] == goal or tail[1:] == goal[1:] or swapped == goal
