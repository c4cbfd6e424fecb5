"""Places in documents that may not be copied: labels name them by document, span and a hash, never by their text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from medgrpo.core import Config, DataError
from medgrpo.library import KnowledgeBase

R = TypeVar("R", bound=Config)
_HASH_DIGITS = 16


class Place(Config):
    """Characters of a document's extracted text; `document` is its name or its folder's, `sha256` begins their hash."""

    document: str
    start_char: int = Field(ge=0)
    end_char: int
    sha256: str = Field(pattern=r"^[0-9a-f]{16}$")


def place_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]


def locate(place: Place, text: str) -> int | None:
    """Where the place begins in the document's text as it is read now: where it was, or where the same characters have moved to."""
    length = place.end_char - place.start_char
    if place_hash(text[place.start_char : place.end_char]) == place.sha256:
        return place.start_char
    starts = range(len(text) - length + 1)
    return next((start for start in starts if place_hash(text[start : start + length]) == place.sha256), None)


class LabelledDocuments:
    """The documents of a knowledge base, found by the names that labels use."""

    def __init__(self, base: KnowledgeBase, labels: Path) -> None:
        self._base, self._labels = base, labels
        self._known: dict[str, tuple[str, str]] = {}

    def find(self, place: Place) -> tuple[str, int]:
        """The document's id and where the place begins in its text. DataError where either is not there."""
        if place.document not in self._known:
            ids = [
                one.id for one in self._base.documents if place.document in (one.name, *Path(one.name).parts, Path(one.name).stem)
            ]
            if len(ids) != 1:
                raise DataError(
                    self._base.path, f"holds {len(ids)} documents named {place.document}; {self._labels.name} needs one"
                )
            self._known[place.document] = (ids[0], self._base.text(ids[0]))
        document_id, text = self._known[place.document]
        start = locate(place, text)
        if start is None:
            where = f"{place.document} {place.start_char}..{place.end_char}"
            raise DataError(
                self._labels, f"the words at {where} are not in the document: it is another edition than the labelled one"
            )
        return document_id, start


def read_labels(path: Path, kind: type[R]) -> Iterator[R]:
    """One record per line. DataError names the file and the first line that is not one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield kind.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise DataError(path, f"line {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
