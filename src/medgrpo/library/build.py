"""Documents to a knowledge base: each read whole into a folder of its own, which appears in one step or not at all.

So a build may be killed at any moment and given again: what is there is whole, what is not is read. A document whose bytes, rules,
vocabulary and model are unchanged is not read again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from medgrpo.core import Config, DocumentError, InputError, MissingExtra, write_whole
from medgrpo.knowledge import Vocabulary
from medgrpo.library.claims import EXTRACTOR
from medgrpo.library.conflicts import Conflict
from medgrpo.library.proposals import ClaimModel
from medgrpo.library.readers import is_known
from medgrpo.library.reading import Job, read_document
from medgrpo.library.records import Document
from medgrpo.library.replies import Replies
from medgrpo.library.store import DOCUMENTS, HEADER, PARTIAL, REPLIES, Header, KnowledgeBase, open_knowledge_base, read_lines
from medgrpo.library.terms import TermTable

Listener = Callable[[str, int, int], None]
"""Told a title, how much is done and of how much, in thousandths."""


class BuildOptions(Config):
    """What the user states of all documents of one build; None leaves what a document says itself."""

    licence: str | None = None
    date: str | None = None


@dataclass(slots=True)
class BuildSummary:
    """What a build did and what the knowledge base now holds. `failed` has one line for each document that could not be read."""

    read: list[Document] = field(default_factory=list[Document])
    unchanged: int = 0
    failed: list[str] = field(default_factory=list[str])
    same_names: list[str] = field(default_factory=list[str])
    documents: int = 0
    passages: int = 0
    mentions: int = 0
    claims: Counter[str] = field(default_factory=Counter[str])
    conflicts: tuple[Conflict, ...] = ()


def build_knowledge_base(
    sources: Sequence[Path],
    out: Path,
    vocabulary: Vocabulary,
    options: BuildOptions,
    listen: Listener,
    stop: Callable[[], bool],
    model: ClaimModel | None = None,
) -> BuildSummary:
    """Read the documents (files, or folders of them) into `out`. One that cannot be read is a line of `failed`; the rest go on.

    InputError when there is nothing to read or `out` is something else; ModelError when the model does not answer; Interrupted when
    `stop` says so. After each of them everything that was read is kept. Do not run two builds into one folder at once.
    """
    paths = _expanded(sources)
    _prepare(out)
    table = TermTable(vocabulary)
    made_with = f"{EXTRACTOR} {_rules_fingerprint()}, vocabulary {table.fingerprint}, model {model.name if model else 'none'}"
    summary, seen = BuildSummary(), set[str]()
    names = {document.id: document.name for document in open_knowledge_base(out).documents}
    for number, path in enumerate(paths):

        def page(page_number: int, pages: int | None, number: int = number, path: Path = path) -> None:
            share = page_number / pages if pages else 0.0
            listen(f"reading: {path.name} page {page_number}", int(1000 * (number + share)), 1000 * len(paths))

        listen(f"reading: {path.name}", 1000 * number, 1000 * len(paths))
        try:
            document_id = _sha256(path)
            stored = _stored(out, document_id)
            if document_id in seen or (stored is not None and _is_current(stored, made_with, options)):
                summary.unchanged += 1
            else:
                job = _job(path, document_id, table, made_with, options, stored, model, out)
                summary.read.append(_read_into(job, out, page, stop))
                summary.same_names += [
                    f"{name}: a document of this name with other content is there already, and kept ({other[:16]})"
                    for other, name in names.items()
                    if name == job.name and other != document_id
                ]
            seen.add(document_id)
        except (DocumentError, MissingExtra) as error:
            summary.failed.append(str(error))
    listen("reading", 1000 * len(paths), 1000 * len(paths))
    _count(open_knowledge_base(out), summary)
    return summary


def _expanded(sources: Sequence[Path]) -> list[Path]:
    """The files: those given, and in folders those that a reader knows, in order of name."""
    paths: list[Path] = []
    for source in sources:
        if source.is_dir():
            inside = sorted(path for path in source.rglob("*") if path.is_file() and is_known(path))
            if not inside:
                raise InputError(f"{source}: holds no document of a known format")
            paths += inside
        else:
            paths.append(source)
    if not paths:
        raise InputError("no document was given")
    return paths


def _prepare(out: Path) -> None:
    """Make the folder a knowledge base, and forget what a killed build left half-read."""
    try:
        if out.exists() and not (out / HEADER).exists() and (not out.is_dir() or any(p.name != PARTIAL for p in out.iterdir())):
            raise InputError(f"{out}: is not empty and no knowledge base: choose another folder with --out")
        shutil.rmtree(out / PARTIAL, ignore_errors=True)
        (out / PARTIAL).mkdir(parents=True)
        if not (out / HEADER).exists():
            write_whole(out / HEADER, Header(schema_version=1).model_dump_json() + "\n", aside=out / PARTIAL)
        (out / DOCUMENTS).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{error.filename or out}: cannot be written: {error.strerror}") from error


def _sha256(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise DocumentError(path, "cannot be read: it is no regular file")  # a pipe would wait for ever
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror}") from error


def _rules_fingerprint() -> str:
    digest = hashlib.sha256()
    for name in ("claims.toml", "context.toml"):
        digest.update(files("medgrpo.library").joinpath(f"data/{name}").read_bytes())
    return digest.hexdigest()[:8]


def _stored(out: Path, document_id: str) -> Document | None:
    path = out / DOCUMENTS / document_id / "document.json"
    return next(read_lines(path, Document), None) if path.exists() else None


def _is_current(stored: Document, made_with: str, options: BuildOptions) -> bool:
    stated = options.licence in (None, stored.licence) and options.date in (None, stored.date)
    return stated and stored.made_with == made_with


def _job(
    path: Path,
    document_id: str,
    table: TermTable,
    made_with: str,
    options: BuildOptions,
    stored: Document | None,
    model: ClaimModel | None,
    out: Path,
) -> Job:
    return Job(
        path=path,
        document_id=document_id,
        table=table,
        made_with=made_with,
        licence=options.licence or (stored.licence if stored is not None else None),
        date=options.date or (stored.date if stored is not None else None),
        model=model,
        replies=Replies(out / REPLIES / f"{document_id}.jsonl") if model is not None else None,
    )


def _read_into(job: Job, out: Path, page: Callable[[int, int | None], None], stop: Callable[[], bool]) -> Document:
    """Read into a folder aside, then put it in its place in one step; a folder that it replaces goes first."""
    aside, place = out / PARTIAL / job.document_id, out / DOCUMENTS / job.document_id
    try:
        aside.mkdir()
        document = read_document(job, aside, page, stop)
        for path in aside.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        if place.exists():
            place.rename(out / PARTIAL / f"{job.document_id}.before")
        aside.rename(place)
    except OSError as error:
        raise InputError(f"{error.filename or out}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(out / PARTIAL / f"{job.document_id}.before", ignore_errors=True)
    return document


def _count(base: KnowledgeBase, summary: BuildSummary) -> None:
    summary.documents = len(base.documents)
    summary.passages, summary.mentions = base.count("passages"), base.count("mentions")
    summary.claims = Counter(claim.status for claim in base.claims())
    summary.conflicts = base.conflicts()
