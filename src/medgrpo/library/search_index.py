"""The search index of a knowledge base: where it lies, which contents it is of, and how it is opened (docs/formats.md).

    search/passages-VERSION/   header.json  passages.npy  claims.npy  terms/   one row of numbers per passage and claim, BM25
    search/meaning-VERSION/    header.json  vectors.f16  signs.npy             one vector per passage

A version is a hash of what was indexed and how, so an index that does not fit is never used. All arrays are memory-mapped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from medgrpo.core import Config, DataError
from medgrpo.library.bm25 import TermIndex
from medgrpo.library.embedding import DIMENSIONS
from medgrpo.library.nearest import Bits
from medgrpo.library.records import Claim, Passage
from medgrpo.library.store import DOCUMENTS, KnowledgeBase

FOLDER, HEADER, ROWS, CLAIMS, TERMS = "search", "header.json", "passages.npy", "claims.npy", "terms"
VECTORS, SIGNS = "vectors.f16", "signs.npy"
_METHOD = "sections and text, stems, k1=1.5 b=0.75, signs by word, 1"
"""What goes into the index and how; another one makes every older index stale."""


class IndexedDocument(Config):
    """A document as it was when it was indexed; the digests are SHA-256 of its files."""

    id: str
    name: str
    passages_sha256: str
    claims_sha256: str
    passages: int


class IndexHeader(Config):
    """`header.json`; `model` is None in the part that has no vectors."""

    version: str
    documents: tuple[IndexedDocument, ...]
    passages: int
    model: str | None = None


def indexed_documents(base: KnowledgeBase) -> tuple[IndexedDocument, ...]:
    """Every document of the knowledge base with the digests of its files, read anew."""
    return tuple(_as_indexed(base, document.id, document.name) for document in base.documents)


def _as_indexed(base: KnowledgeBase, document_id: str, name: str) -> IndexedDocument:
    folder = base.path / DOCUMENTS / document_id
    digests, passages = dict[str, str](), 0
    for file in ("passages.jsonl", "claims.jsonl"):
        path = folder / file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DataError(path, f"cannot be read: {error.strerror}") from error
        digests[file] = hashlib.sha256(data).hexdigest()
        if file == "passages.jsonl":
            passages = data.count(b"\n")
    return IndexedDocument(
        id=document_id,
        name=name,
        passages_sha256=digests["passages.jsonl"],
        claims_sha256=digests["claims.jsonl"],
        passages=passages,
    )


def passages_version(documents: Iterable[IndexedDocument]) -> str:
    """What the part without vectors depends on: passages, claims and the method."""
    return _digest([_METHOD, *(part for one in documents for part in (one.id, one.passages_sha256, one.claims_sha256))])


def meaning_version(documents: Iterable[IndexedDocument], model: str) -> str:
    """What the vectors depend on: passages, the method and the model."""
    return _digest([_METHOD, model, *(part for one in documents for part in (one.id, one.passages_sha256))])


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def passages_folder(base: KnowledgeBase, documents: Iterable[IndexedDocument]) -> Path:
    return base.path / FOLDER / f"passages-{passages_version(documents)}"


def meaning_folder(base: KnowledgeBase, documents: Iterable[IndexedDocument], model: str) -> Path:
    return base.path / FOLDER / f"meaning-{meaning_version(documents, model)}"


def searched_text(passage: Passage) -> str:
    """What terms and meaning are taken from: the headings above a passage and its text."""
    return f"{', '.join(passage.section)}: {passage.text}" if passage.section else passage.text


class SearchIndex:
    """An opened index. Passages are numbered over all documents; their texts are read from the knowledge base's own files."""

    def __init__(self, base: KnowledgeBase, model: str | None) -> None:
        """With the vectors of that model, or without any. DataError where the index is missing, stale or damaged."""
        self._base = base
        self.documents = indexed_documents(base)
        folder = passages_folder(base, self.documents)
        self.header = read_header(folder)
        self._rows = _open_array(folder / ROWS, 3)
        self._claims = _open_array(folder / CLAIMS, 4)
        self.terms = TermIndex(folder / TERMS)
        self.vectors: NDArray[np.float16] | None = None
        self.bits: Bits | None = None
        if model is not None and self.header.passages:
            meaning = meaning_folder(base, self.documents, model)
            header = read_header(meaning)
            shape = (header.passages, DIMENSIONS)
            self.vectors = np.memmap(meaning / VECTORS, np.float16, "r", shape=shape)
            self.bits = np.load(meaning / SIGNS, mmap_mode="r")

    def passage(self, number: int) -> Passage:
        document, start, length = (int(value) for value in self._rows[number])
        return Passage.model_validate_json(self._line(document, "passages.jsonl", start, length))

    def document_of(self, number: int) -> IndexedDocument:
        return self.documents[int(self._rows[number, 0])]

    def claims_of(self, number: int) -> Iterator[Claim]:
        """The claims of a passage as they were extracted."""
        of = self._claims[:, 0]
        for row in range(int(np.searchsorted(of, number)), int(np.searchsorted(of, number, side="right"))):
            _, document, start, length = (int(value) for value in self._claims[row])
            yield Claim.model_validate_json(self._line(document, "claims.jsonl", start, length))

    def _line(self, document: int, file: str, start: int, length: int) -> bytes:
        path = self._base.path / DOCUMENTS / self.documents[document].id / file
        try:
            with path.open("rb") as stream:
                stream.seek(start)
                return stream.read(length)
        except OSError as error:
            raise DataError(path, f"cannot be read: {error.strerror}") from error


def read_header(folder: Path) -> IndexHeader:
    """DataError where there is no such part, or one that is damaged."""
    try:
        return IndexHeader.model_validate_json((folder / HEADER).read_bytes())
    except OSError as error:
        reason = "there is no search index of the present contents: `medgrpo knowledge search` makes it"
        raise DataError(folder, reason) from error
    except ValidationError as error:
        raise DataError(folder / HEADER, "is damaged: delete this folder, `medgrpo knowledge search` makes it anew") from error


def _open_array(path: Path, columns: int) -> NDArray[np.int64]:
    try:
        array: NDArray[np.int64] = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise DataError(path, "is damaged: delete its folder, `medgrpo knowledge search` makes it anew") from error
    if array.ndim != 2 or array.shape[1] != columns:
        raise DataError(path, "is damaged: delete its folder, `medgrpo knowledge search` makes it anew")
    return array
