"""What a language model proposes for a passage: the prompt, the untrusted reply, and the check that only supported claims pass.

A proposal is accepted only where the passage itself says it: its quote stands there word for word within one sentence, both
concepts are mentioned in the quote, the words between them are a cue of the relation in that direction, and modality, negation and
condition are those of the sentence. The model may find what the rules overlook; it can add nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from medgrpo.core import Config
from medgrpo.knowledge import Concept
from medgrpo.library.claims import make_claim, whole_reading
from medgrpo.library.clauses import Place
from medgrpo.library.cues import Reading, can_hold, connects, is_negated, modality_of, with_negation
from medgrpo.library.qualifiers import Qualifiers
from medgrpo.library.records import Claim, ClaimRelation, Context, Mention, Modality, Passage
from medgrpo.library.sentences import sentences

MEANINGS: Mapping[ClaimRelation, str] = {
    ClaimRelation.PART_OF: "subject is a part of object",
    ClaimRelation.ADJACENT_TO: "subject lies next to, behind, below, or is attached to object",
    ClaimRelation.SUPPLIED_BY: "subject receives its blood or nerve supply from object",
    ClaimRelation.AT_RISK_DURING: "subject may be injured in or by object",
    ClaimRelation.PRECEDES: "subject comes before object",
    ClaimRelation.REQUIRES: "subject needs object",
    ClaimRelation.CONTRAINDICATES: "subject speaks against object",
    ClaimRelation.DRAINED_BY: "subject is drained by object",
    ClaimRelation.DRAINS_INTO: "subject empties into object",
    ClaimRelation.BRANCH_OF: "subject arises from object",
    ClaimRelation.CONTAINS: "subject holds or stores object",
    ClaimRelation.PRODUCES: "subject makes object",
    ClaimRelation.ACTS_ON: "subject, an action or instrument, is done to or used on object",
    ClaimRelation.IDENTIFIED_BEFORE: "subject is identified before object is done",
    ClaimRelation.CAUSES: "subject leads to object",
    ClaimRelation.INDICATES: "subject is a sign of, or a reason for, object",
    ClaimRelation.PREVENTS: "subject averts object or lowers its risk",
}


_FARTHEST = 300  # characters between two concepts


class ClaimModel(Protocol):
    """A language model. `name` goes into the records; `complete` answers one prompt; ModelError when it cannot."""

    @property
    def name(self) -> str: ...

    def complete(self, prompt: str) -> str: ...


class Proposal(Config):
    """One claim as a model words it; nothing in it is believed yet."""

    subject: str
    relation: ClaimRelation
    object: str
    modality: Modality = Modality.STATED
    negated: bool = False
    condition: str | None = None
    strength: str | None = None
    quote: str


@dataclass(frozen=True, slots=True)
class Unparsed:
    """What in a reply was no proposal."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A proposal that its passage does not support, and the first reason."""

    proposal: Proposal
    reason: str


def prompt_for(passage: Passage, mentions: Sequence[Mention], concepts: Mapping[str, Concept]) -> str | None:
    """What to ask; None where fewer than two concepts are mentioned, so that no claim is possible."""
    named = {mention.concept_id: concepts[mention.concept_id].preferred for mention in mentions}
    if len(named) < 2:
        return None
    listed = "\n".join(f"- {concept_id}: {preferred}" for concept_id, preferred in named.items())
    relations = "\n".join(f"- {relation.value}: {meaning}" for relation, meaning in MEANINGS.items())
    modalities = ", ".join(modality.value for modality in Modality)
    return (
        "Extract what the passage states about these concepts. Use only what it says; leave out what it does not say.\n"
        f"Concepts (use these ids):\n{listed}\nRelations:\n{relations}\nModality: one of {modalities}.\n"
        'Answer with JSON only: {"claims": [{"subject": id, "relation": name, "object": id, "modality": name, '
        '"negated": true or false, "condition": words of the passage or null, "strength": words of the passage or null, '
        '"quote": one whole sentence, copied}]}\n'
        f'Passage:\n"""\n{passage.text}\n"""\n'
    )


def parse_reply(reply: str) -> list[Proposal | Unparsed]:
    """The proposals in a reply, each parsed on its own; one Unparsed where the reply as a whole is no JSON of that form."""
    found = re.search(r"\{.*\}", reply, re.DOTALL)
    try:
        values: object = json.loads(found.group()) if found else None
    except (json.JSONDecodeError, RecursionError):
        values = None
    try:
        reply_values = _Reply.model_validate(values).claims
    except ValidationError:
        return [Unparsed("the reply is not the JSON that was asked for")]
    return [_proposal(value) for value in reply_values]


class _Reply(BaseModel):
    claims: list[Any]


def _proposal(value: Any) -> Proposal | Unparsed:
    try:
        return Proposal.model_validate_json(json.dumps(value))
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"])) or "the proposal"
        return Unparsed(f"{field} is missing or not allowed")


def check_proposal(
    proposal: Proposal, passage: Passage, mentions: Sequence[Mention], concepts: Mapping[str, Concept], extractor: str
) -> Claim | Refused:
    """The proposal as a candidate claim, or why the passage does not support it."""

    def refused(reason: str) -> Refused:
        return Refused(proposal, reason)

    at = passage.text.find(proposal.quote) if proposal.quote.strip() else -1
    if at < 0:
        return refused("the quote does not stand in the passage")
    sentence = next(
        ((start, end) for start, end in sentences(passage.text) if start <= at and at + len(proposal.quote) <= end), None
    )
    if sentence is None:
        return refused("the quote is not within one sentence")
    if proposal.subject == proposal.object:
        return refused("subject and object are the same")
    inside = [m for m in mentions if at <= m.start_char and m.end_char <= at + len(proposal.quote)]
    subjects = [m for m in inside if m.concept_id == proposal.subject]
    objects = [m for m in inside if m.concept_id == proposal.object]
    if not subjects or not objects:
        return refused("a concept is not mentioned in the quote")
    if not can_hold(proposal.relation, concepts[proposal.subject], concepts[proposal.object]):
        return refused("the relation does not hold between such concepts")
    start, end = sentence
    text = passage.text[start:end]
    if text.endswith("?"):
        return refused("the sentence is a question")
    reason = "no cue of the relation stands between the concepts"
    for one in subjects:
        for other in objects:
            read = _reading(proposal.relation, text, start, one, other, inside)
            if read is None:
                continue
            whole = whole_reading(text, (read[0].start, read[1].end), *read)
            if whole is None:
                reason = "negation or condition round the claim is not understood"
                continue
            reading, extra = whole
            reason = _difference(proposal, reading, extra, text) or ""
            if not reason:
                return make_claim(passage, start, end, proposal.subject, proposal.object, reading, extra, extractor)
    return refused(reason)


def _reading(
    relation: ClaimRelation, text: str, start: int, subject: Mention, object_: Mention, inside: Sequence[Mention]
) -> tuple[Place, Place, str, Reading] | None:
    """The two places in their order, the words between them, and what those say; None where no cue of the relation is there."""
    left, right = (subject, object_) if subject.start_char < object_.start_char else (object_, subject)
    doubtful = any(mention.uncertain or mention.context is not Context.CURRENT for mention in (left, right))
    if not 0 <= right.start_char - left.end_char <= _FARTHEST or doubtful:
        return None
    between = [m for m in inside if left.end_char <= m.start_char and m.end_char <= right.start_char]
    gap = text[left.end_char - start : right.start_char - start]
    for first, last in sorted({(m.start_char - left.end_char, m.end_char - left.end_char) for m in between}, reverse=True):
        gap = gap[:first] + "~" + gap[last:]
    order = "SO" if left is subject else "OS"
    if not connects(relation, order, gap):
        return None
    modality, negated = with_negation(modality_of(gap), is_negated(gap))
    one, other = Place(left.start_char - start, left.end_char - start), Place(right.start_char - start, right.end_char - start)
    return one, other, gap, Reading(relation, order, modality, negated)


def _bare(words: str) -> str:
    return " ".join(words.casefold().split()).strip(" ,.;()")


def _difference(proposal: Proposal, reading: Reading, extra: Qualifiers, sentence: str) -> str | None:
    if proposal.modality is not reading.modality:
        return "the modality is not that of the sentence"
    if proposal.negated != reading.negated:
        return "the negation is not that of the sentence"
    if extra.condition is not None and proposal.condition is None:
        return "the sentence's condition was left out"
    if any(words is not None and words not in sentence for words in (proposal.condition, proposal.strength)):
        return "condition or strength are not words of the sentence"
    if proposal.condition is not None and _bare(proposal.condition) != _bare(extra.condition or ""):
        return "the condition is not that of the sentence"
    if proposal.strength is not None and _bare(proposal.strength) not in _bare(extra.strength or ""):
        return "the strength of evidence is not that of the sentence"
    return None
