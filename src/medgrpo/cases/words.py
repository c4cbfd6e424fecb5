"""Which words a text is found by: letters and digits in small letters, without accents; each Chinese character is a word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+")
_MOST = 64


def words_of(texts: Iterable[str]) -> set[str]:
    """The words of all the texts, cut at 64 characters."""
    return {word[:_MOST] for text in texts for word in _WORD.findall(_plain(text))}


def asked(query: str) -> tuple[str, ...]:
    """The words that a case must hold, each as the beginning of one of its own; in the order asked."""
    return tuple(dict.fromkeys(word[:_MOST] for word in _WORD.findall(_plain(query))))


def beyond(word: str) -> str:
    """The least text that is greater than all words that begin with this one."""
    return word + "\U0010ffff"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
