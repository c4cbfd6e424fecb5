"""Review: a person decides which candidates are knowledge. Decisions are appended with author and time, and never changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Protocol

from pydantic import ValidationError

from medgrpo.core import InputError
from medgrpo.knowledge import Vocabulary
from medgrpo.library.appending import append_line
from medgrpo.library.conflicts import Conflict, Statement, statement
from medgrpo.library.records import Claim, Decision, Document, Passage
from medgrpo.library.store import DECISIONS, KnowledgeBase

EDITABLE = ("subject", "relation", "object", "modality", "negated", "condition", "strength")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reviewer sees of one candidate. `passage` and `document` are None where the document is no longer there.

    `places` counts the candidates that say the same in the same words; what is decided is decided on each of them.
    """

    number: int
    of: int
    claim: Claim
    places: int
    passage: Passage | None
    document: Document | None
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Accept:
    """The claim is right as it stands, or with these changes (text by field of EDITABLE; "" for none)."""

    changes: dict[str, str]


class Reject:
    """The claim is wrong, or not worth keeping."""


class Skip:
    """Not now."""


class Quit:
    """No more today."""


Answer = Accept | Reject | Skip | Quit


class Reviewer(Protocol):
    """Asks a person. `refused` says why the last answer could not be taken, None at the first asking."""

    def __call__(self, shown: Shown, refused: str | None) -> Answer: ...


@dataclass(slots=True)
class ReviewSummary:
    """What one sitting came to."""

    accepted: int = 0
    edited: int = 0
    rejected: int = 0
    skipped: int = 0
    left: int = 0


def review_claims(
    base: KnowledgeBase, vocabulary: Vocabulary, author: str, ask: Reviewer, now: Callable[[], datetime]
) -> ReviewSummary:
    """Show every candidate, those in conflict first, and append what is decided. InputError without an author."""
    if not author.strip():
        raise InputError("--author: a review needs the name of who decides")
    conflicts = _by_statement(base.conflicts())
    alike: dict[tuple[Statement, str], list[Claim]] = defaultdict(list)
    for claim in base.claims():
        if claim.status == "candidate":
            alike[statement(claim), claim.quote].append(claim)
    groups = sorted(alike.values(), key=lambda group: statement(group[0]) not in conflicts)
    summary = ReviewSummary(left=sum(map(len, groups)))
    for number, group in enumerate(groups, start=1):
        passage, document = _source(base, group[0])
        against = tuple(conflicts.get(statement(group[0]), ()))
        shown = Shown(number, len(groups), group[0], len(group), passage, document, against)
        refused: str | None = None
        while True:
            answer = ask(shown, refused)
            if isinstance(answer, Quit):
                return summary
            if isinstance(answer, Skip):
                summary.skipped += len(group)
                break
            time = now()
            decided = [_decided(claim, answer, vocabulary, author.strip(), time) for claim in group]
            refused = next((decision for decision in decided if isinstance(decision, str)), None)
            if refused is not None:
                continue
            for decision in decided:
                if isinstance(decision, Decision):
                    append_line(base.path / DECISIONS, decision)
                    _count(summary, decision)
            break
    return summary


def _count(summary: ReviewSummary, decision: Decision) -> None:
    summary.left -= 1
    summary.rejected += decision.verdict == "rejected"
    summary.edited += decision.edited_from is not None
    summary.accepted += decision.verdict == "accepted" and decision.edited_from is None


def _decided(claim: Claim, answer: Accept | Reject, vocabulary: Vocabulary, author: str, time: datetime) -> Decision | str:
    """The decision; why it cannot be taken where an edit is not valid."""
    signed = {"author": author, "time": time}
    if isinstance(answer, Reject):
        rejected = claim.model_copy(update={"status": "rejected", **signed})
        return Decision(claim_id=claim.id, verdict="rejected", author=author, time=time, claim=rejected)
    values = claim.model_dump(mode="json") | {"status": "accepted", "author": author, "time": time.isoformat()}
    for name, text in answer.changes.items():
        if name not in EDITABLE:
            return f"{name} cannot be edited; these can: {', '.join(EDITABLE)}"
        values[name] = (text or None) if name in {"condition", "strength"} else text
    for name in ("subject", "object"):
        named = vocabulary.by_term(values[name]) if values[name] not in vocabulary else ()
        if len(named) == 1:
            values[name] = named[0].id  # a person may write "cystic artery"
        elif values[name] not in vocabulary:
            return f"{name}: {values[name]!r} is no concept of the vocabulary{_nearest(values[name], vocabulary)}"
    try:
        accepted = Claim.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    edited = any(getattr(accepted, name) != getattr(claim, name) for name in EDITABLE)
    return Decision(
        claim_id=claim.id, verdict="accepted", author=author, time=time, claim=accepted, edited_from=claim if edited else None
    )


def _nearest(written: str, vocabulary: Vocabulary) -> str:
    """What may have been meant, as the end of a sentence."""
    near = get_close_matches(written, [concept.id for concept in vocabulary.concepts], n=3, cutoff=0.7)
    return f"; nearest: {', '.join(near)}" if near else ""


def _by_statement(conflicts: tuple[Conflict, ...]) -> dict[Statement, list[Conflict]]:
    found: dict[Statement, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        found[statement(conflict.first)].append(conflict)
        found[statement(conflict.second)].append(conflict)
    return found


def _source(base: KnowledgeBase, claim: Claim) -> tuple[Passage | None, Document | None]:
    try:
        passage = base.passage(claim.passage_id)
        return passage, base.document(passage.document_id)
    except KeyError:
        return None, None
