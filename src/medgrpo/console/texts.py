"""Every word that the console shows, by key: one file per language in `texts/`, all with the same keys (a test proves it)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "zh": "中文"}
"""By the value of `lang`, each in its own words. A further one is a line here and a file."""
FIRST = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """`texts("live.phase")` is that text, `texts("x", count=3)` with {count} filled in. KeyError for a key that there is not."""

    language: str
    words: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return self.words[key].format(**values) if values else self.words[key]

    def within(self, *groups: str) -> dict[str, str]:
        """All texts of these groups, for a page's script."""
        return {key: text for key, text in self.words.items() if key.partition(".")[0] in groups}


@cache
def load_texts(language: str) -> Texts:
    """KeyError when we do not speak it."""
    if language not in LANGUAGES:
        raise KeyError(language)
    tree = tomllib.loads(files("medgrpo.console").joinpath(f"texts/{language}.toml").read_text(encoding="utf-8"))
    return Texts(language, dict(_flat("", tree)))


def chosen(asked: str | None, accepted: str) -> Texts:
    """What the visitor asked for, else the first of the browser's languages that we speak, else English."""
    wanted = [asked or "", *(part.partition(";")[0].strip() for part in accepted.split(","))]
    for one in wanted:
        short = one.lower().partition("-")[0]
        if short in LANGUAGES:
            return load_texts(short)
    return load_texts(FIRST)


def _flat(prefix: str, tree: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = list[tuple[str, str]]()
    for key, value in tree.items():
        if isinstance(value, dict):
            found += _flat(f"{prefix}{key}.", cast("Mapping[str, Any]", value))
        else:
            found.append((prefix + key, str(value)))
    return found
