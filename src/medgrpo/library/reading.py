"""One document read whole into its folder of the knowledge base: text, passages, mentions, claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from medgrpo.core import Config, DocumentError, Interrupted
from medgrpo.library.claims import extract_claims
from medgrpo.library.mentions import MentionFinder
from medgrpo.library.passages import pieces
from medgrpo.library.proposals import ClaimModel, Refused, Unparsed, check_proposal, parse_reply, prompt_for
from medgrpo.library.readers import Block, Opened, open_document
from medgrpo.library.records import Claim, Document, Mention, Passage
from medgrpo.library.references import without_references
from medgrpo.library.replies import Replies
from medgrpo.library.terms import TermTable

PageListener = Callable[[int, int | None], None]
"""Told the page that is being read and how many there are (None where the format has none)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to read, and what with. `licence` and `date` are the user's and come before the document's own."""

    path: Path
    document_id: str
    table: TermTable
    made_with: str
    licence: str | None = None
    date: str | None = None
    model: ClaimModel | None = None
    replies: Replies | None = None

    @property
    def name(self) -> str:
        """The file's name; with its folder's where the name says nothing, as in OpenStax' `m46496/index.cnxml`."""
        return f"{self.path.parent.name}/{self.path.name}" if self.path.stem == "index" else self.path.name


def read_document(job: Job, folder: Path, page: PageListener, stop: Callable[[], bool]) -> Document:
    """Write the document's files into `folder`, which exists and is empty; `document.json` comes last.

    DocumentError when it cannot be read; Interrupted when `stop` says so. Memory does not grow with its length.
    """
    notes: list[str] = []
    opened = open_document(job.path, notes.append)
    licence, date = job.licence or opened.licence, job.date or opened.date
    concepts = job.table.by_id
    finder = MentionFinder(job.table)
    characters, passages, refused = 0, 0, Counter[str]()
    try:
        with (
            (folder / "text.txt").open("wb") as text_file,
            (folder / "passages.jsonl").open("wb") as passage_file,
            (folder / "mentions.jsonl").open("wb") as mention_file,
            (folder / "claims.jsonl").open("wb") as claim_file,
        ):
            blocks = without_references(_watched(job.path, opened, page, stop))
            for piece in pieces(job.document_id, blocks, licence, date):
                _stop_here(job.path, stop)  # a block may be a book in one line
                text_file.write(piece.text.encode())
                characters += len(piece.text)
                if piece.passage is None:
                    continue
                passages += 1
                mentions = finder.mentions(piece.passage)
                claims = extract_claims(piece.passage, mentions, concepts)
                claims += _proposed(job, piece.passage, mentions, claims, refused)
                _write(passage_file, [piece.passage])
                _write(mention_file, mentions)
                _write(claim_file, claims)
    finally:
        opened.close()
    if not passages:
        raise DocumentError(job.path, "holds no text")
    document = Document(
        id=job.document_id,
        name=job.name,
        format=opened.format,
        title=opened.title,
        licence=licence,
        date=date,
        pages=opened.pages,
        characters=characters,
        notes=tuple(notes),
        made_with=job.made_with,
        refused_proposals=dict(sorted(refused.items())),
    )
    (folder / "document.json").write_bytes(_line(document))
    return document


def _watched(path: Path, opened: Opened, page: PageListener, stop: Callable[[], bool]) -> Iterator[Block]:
    """The blocks, with word of the page; what a parser of a damaged file throws becomes one clear error."""
    number = 0
    blocks = opened.blocks
    while True:
        _stop_here(path, stop)
        try:
            block = next(blocks, None)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError) as error:
            raise DocumentError(path, f"is damaged: {type(error).__name__}: {error}", number or None) from error
        if block is None:
            return
        if block.page is not None and block.page != number:
            number = block.page
            page(number, opened.pages)
        yield block


def _stop_here(path: Path, stop: Callable[[], bool]) -> None:
    if stop():
        raise Interrupted(f"{path}: stopped; documents read so far are kept: give the same command to go on")


def _proposed(job: Job, passage: Passage, mentions: list[Mention], known: list[Claim], refused: Counter[str]) -> list[Claim]:
    """What the model proposes and the passage supports, less what the rules found already."""
    concepts = job.table.by_id
    prompt = prompt_for(passage, mentions, concepts) if job.model is not None else None
    if job.model is None or prompt is None:
        return []
    reply = job.replies.answer(job.model, prompt) if job.replies is not None else job.model.complete(prompt)
    ids = {claim.id for claim in known}
    accepted: list[Claim] = []
    for proposal in parse_reply(reply):
        if isinstance(proposal, Unparsed):
            refused[proposal.reason] += 1
            continue
        claim = check_proposal(proposal, passage, mentions, concepts, f"model:{job.model.name}")
        if isinstance(claim, Refused):
            refused[claim.reason] += 1
        elif claim.id not in ids:
            ids.add(claim.id)
            accepted.append(claim)
    return accepted


def _write(stream: BinaryIO, records: list[Passage] | list[Mention] | list[Claim]) -> None:
    stream.writelines(_line(record) for record in records)


def _line(record: Config) -> bytes:
    return record.model_dump_json().encode() + b"\n"
