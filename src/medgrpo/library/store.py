"""A knowledge base on disk, for reading: one folder per document, and the decisions of people (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from medgrpo.core import Config, DataError
from medgrpo.library.conflicts import Conflict, find_conflicts
from medgrpo.library.records import Claim, Decision, Document, Mention, Passage

SHORT_ID = 16  # of a document's 64 hexadecimal digits: how passage ids name it
HEADER, DOCUMENTS, DECISIONS, REPLIES, PARTIAL = "knowledge_base.json", "documents", "decisions.jsonl", "replies", ".partial"

R = TypeVar("R", bound=Config)


class Header(Config):
    """`knowledge_base.json`: what makes a folder a knowledge base."""

    schema_version: Literal[1]


class KnowledgeBase:
    """The door to a knowledge base folder. Everything is read when it is asked for; DataError names the file and the line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """Every document that was read whole, in order of id."""
        return tuple(_one(folder / "document.json", Document) for folder in self._folders())

    def passages(self) -> Iterator[Passage]:
        """Every passage, document after document, in reading order."""
        return self._records("passages.jsonl", Passage)

    def mentions(self) -> Iterator[Mention]:
        """Every mention, in order of passage."""
        return self._records("mentions.jsonl", Mention)

    def candidates(self) -> Iterator[Claim]:
        """Claims as they were extracted, whatever has been decided on them since."""
        return self._records("claims.jsonl", Claim)

    def count(self, what: Literal["passages", "mentions"]) -> int:
        """How many there are, without reading them."""
        return sum(_lines_in(folder / f"{what}.jsonl") for folder in self._folders())

    def passage(self, passage_id: str) -> Passage:
        """KeyError where there is none."""
        return self._passages_of(passage_id.partition(":")[0])[passage_id]

    def document(self, document_id: str) -> Document:
        """By its id or the passage id's short form of it; KeyError where there is none."""
        return self._by_short_id[document_id[:SHORT_ID]]

    @cached_property
    def _by_short_id(self) -> dict[str, Document]:
        return {document.id[:SHORT_ID]: document for document in self.documents}

    def text(self, document_id: str) -> str:
        """The whole extracted text, in which passages have their positions."""
        return (self.path / DOCUMENTS / document_id / "text.txt").read_bytes().decode("utf-8")

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """What people decided, oldest first."""
        path = self.path / DECISIONS
        return tuple(read_lines(path, Decision, torn_end=True)) if path.exists() else ()

    def claims(self) -> Iterator[Claim]:
        """Every claim as it stands now: the last decision on it, or a candidate. Decided claims outlive their extraction."""
        decided = {decision.claim_id: decision.claim for decision in self.decisions}
        for claim in self.candidates():
            yield decided.pop(claim.id, claim)
        yield from decided.values()

    def conflicts(self) -> tuple[Conflict, ...]:
        """Pairs of claims that contradict each other, rejected ones left out."""
        return find_conflicts(self.claims())

    def accepted(self) -> tuple[Claim, ...]:
        """The claims that a person has accepted: these are knowledge."""
        return tuple(claim for claim in self.claims() if claim.status == "accepted")

    def _passages_of(self, short_id: str) -> dict[str, Passage]:
        if short_id not in self._read_passages:
            document = self.document(short_id)
            path = self.path / DOCUMENTS / document.id / "passages.jsonl"
            self._read_passages[short_id] = {passage.id: passage for passage in read_lines(path, Passage)}
        return self._read_passages[short_id]

    @cached_property
    def _read_passages(self) -> dict[str, dict[str, Passage]]:
        return {}

    def _folders(self) -> list[Path]:
        place = self.path / DOCUMENTS
        return sorted(folder for folder in place.iterdir() if folder.is_dir()) if place.is_dir() else []

    def _records(self, name: str, kind: type[R]) -> Iterator[R]:
        for folder in self._folders():
            yield from read_lines(folder / name, kind)


def open_knowledge_base(path: Path) -> KnowledgeBase:
    """The knowledge base in that folder. DataError where it is none."""
    if not (path / HEADER).is_file():
        raise DataError(path, "is no knowledge base: make one with `medgrpo knowledge build DOC... --out FOLDER`")
    _one(path / HEADER, Header)
    return KnowledgeBase(path)


def read_lines(path: Path, kind: type[R], *, torn_end: bool = False) -> Iterator[R]:
    """One record per line. DataError names the first line that is damaged; with `torn_end` a last line that was cut off is none."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if torn_end and not line.endswith(b"\n"):
                    return
                try:
                    yield kind.model_validate_json(line)
                except ValidationError as error:
                    raise DataError(path, f"line {number} is damaged: {error.errors()[0]['msg']}") from error
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error


def _one(path: Path, kind: type[R]) -> R:
    record = next(read_lines(path, kind), None)
    if record is None:
        raise DataError(path, "is empty")
    return record


def _lines_in(path: Path) -> int:
    try:
        with path.open("rb") as stream:
            return sum(piece.count(b"\n") for piece in iter(lambda: stream.read(1 << 20), b""))
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error
