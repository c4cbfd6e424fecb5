"""Making the search index: whole parts appear in one step; a build that is stopped goes on where it stood.

Vectors take nearly all of the time. They are appended to a file as they are computed, so an interrupted build loses at most one
batch; those of documents that have not changed are copied from the index before.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Config, InputError
from medgrpo.library.bm25 import build_terms, require_terms
from medgrpo.library.embedding import DIMENSIONS, SentenceEmbedder
from medgrpo.library.nearest import signs
from medgrpo.library.records import Claim, Passage
from medgrpo.library.search_index import (
    CLAIMS,
    FOLDER,
    HEADER,
    ROWS,
    SIGNS,
    TERMS,
    VECTORS,
    IndexedDocument,
    IndexHeader,
    indexed_documents,
    meaning_folder,
    meaning_version,
    passages_folder,
    passages_version,
    read_header,
    searched_text,
)
from medgrpo.library.store import DOCUMENTS, KnowledgeBase, read_lines

Listener = Callable[[str, int, int], None]
"""Told a title, how many passages are done and of how many."""

_ROW_BYTES = DIMENSIONS * 2
_AT_ONCE = 128  # passages between two writes
R = TypeVar("R", bound=Config)


def build_search_index(base: KnowledgeBase, model: SentenceEmbedder | None, listen: Listener) -> bool:
    """Make what is missing of the index of the present contents; whether anything was. Without a model no vectors are made.

    MissingExtra without the libraries of term search; InputError where the folder cannot be written or another build is under way.
    """
    require_terms()
    documents = indexed_documents(base)
    terms = passages_folder(base, documents)
    meaning = None if model is None else meaning_folder(base, documents, model.name)
    if meaning is not None and ((meaning / HEADER).exists() or not any(document.passages for document in documents)):
        meaning = None
    if (terms / HEADER).exists() and meaning is None:
        return False
    with _alone(base.path / FOLDER):
        if not (terms / HEADER).exists():
            _build_passages(base, documents, terms, listen)
        if model is not None and meaning is not None:
            _build_meaning(base, documents, meaning, model, listen)
    return True


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """One build at a time; what the disk refuses is one clear line."""
    try:
        folder.mkdir(exist_ok=True)
        with (folder / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(f"{folder}: another process is building this search index: try again when it is done") from error
            yield
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error


def _build_passages(base: KnowledgeBase, documents: tuple[IndexedDocument, ...], place: Path, listen: Listener) -> None:
    aside = _empty(place.with_name(f".partial-{place.name}"))
    total = sum(document.passages for document in documents)
    rows: list[tuple[int, int, int]] = []
    numbers: dict[str, int] = {}

    def texts() -> Iterator[str]:
        for document, start, length, passage in _placed(base, documents, "passages.jsonl", Passage):
            numbers[passage.id] = len(rows)
            rows.append((document, start, length))
            if len(rows) % 1000 == 0:
                listen("indexing: terms", len(rows), total)
            yield searched_text(passage)

    build_terms(texts(), aside / TERMS)
    claims = [
        (numbers[claim.passage_id], document, start, length)
        for document, start, length, claim in _placed(base, documents, "claims.jsonl", Claim)
        if claim.passage_id in numbers
    ]
    np.save(aside / ROWS, np.array(rows, np.int64).reshape(-1, 3))
    np.save(aside / CLAIMS, np.array(sorted(claims), np.int64).reshape(-1, 4))
    header = IndexHeader(version=passages_version(documents), documents=documents, passages=len(rows))
    _put(aside, place, header, "passages-")


def _build_meaning(
    base: KnowledgeBase, documents: tuple[IndexedDocument, ...], place: Path, model: SentenceEmbedder, listen: Listener
) -> None:
    aside = place.with_name(f".partial-{place.name}")
    for other in place.parent.glob(".partial-meaning-*"):
        if other != aside:
            shutil.rmtree(other)
    aside.mkdir(exist_ok=True)
    old = _known_vectors(place.parent, model.name)
    total = sum(document.passages for document in documents)
    with (aside / VECTORS).open("ab") as stream:
        done = stream.tell() // _ROW_BYTES
        stream.truncate(done * _ROW_BYTES)
        for skip, document in _left(documents, done):
            known = old.get(document.passages_sha256)
            passages = islice(read_lines(base.path / DOCUMENTS / document.id / "passages.jsonl", Passage), skip, None)
            for batch in _batches(passages, _AT_ONCE):
                listen("indexing: meaning", done, total)
                if known is None:
                    vectors = model.embed([searched_text(passage) for passage in batch]).astype(np.float16)
                else:
                    vectors = known[skip : skip + len(batch)]
                stream.write(vectors.tobytes())
                stream.flush()
                done, skip = done + len(batch), skip + len(batch)
        os.fsync(stream.fileno())
    listen("indexing: meaning", done, total)
    shape = (total, DIMENSIONS)
    vectors = np.memmap(aside / VECTORS, np.float16, "r", shape=shape)
    bits = np.concatenate([signs(vectors[start : start + 8192]) for start in range(0, total, 8192)], axis=1)
    np.save(aside / SIGNS, bits)
    header = IndexHeader(version=meaning_version(documents, model.name), documents=documents, passages=total, model=model.name)
    _put(aside, place, header, "meaning-")


def _left(documents: Iterable[IndexedDocument], done: int) -> Iterator[tuple[int, IndexedDocument]]:
    """The documents that are not finished after `done` passages, each with how many of its passages to skip."""
    for document in documents:
        if done < document.passages:
            yield done, document
        done = max(0, done - document.passages)


def _known_vectors(folder: Path, model: str) -> dict[str, NDArray[np.float16]]:
    """By the digest of a document's passages, its vectors in an index made before by the same model."""
    known: dict[str, NDArray[np.float16]] = {}
    for place in folder.glob("meaning-*"):
        header = read_header(place)
        vectors = np.memmap(place / VECTORS, np.float16, "r", shape=(header.passages, DIMENSIONS))
        start = 0
        if header.version != meaning_version(header.documents, model):  # of another model or method
            continue
        for document in header.documents:
            known[document.passages_sha256] = vectors[start : start + document.passages]
            start += document.passages
    return known


def _placed(
    base: KnowledgeBase, documents: tuple[IndexedDocument, ...], file: str, kind: type[R]
) -> Iterator[tuple[int, int, int, R]]:
    """Document number, first byte, number of bytes, record of every line of every document's file."""
    for number, document in enumerate(documents):
        path = base.path / DOCUMENTS / document.id / file
        with path.open("rb") as stream:
            lengths = [len(line) for line in stream]
        start = 0
        for length, record in zip(lengths, read_lines(path, kind), strict=True):
            yield number, start, length, record
            start += length


def _batches(passages: Iterator[Passage], count: int) -> Iterator[list[Passage]]:
    while batch := list(islice(passages, count)):
        yield batch


def _empty(folder: Path) -> Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def _put(aside: Path, place: Path, header: IndexHeader, kind: str) -> None:
    """The part in its place, whole; then the older ones of its kind go."""
    (aside / HEADER).write_text(header.model_dump_json() + "\n", encoding="utf-8")
    if place.exists():
        shutil.rmtree(place)
    aside.rename(place)
    for other in place.parent.glob(f"{kind}*"):
        if other != place:
            shutil.rmtree(other)
