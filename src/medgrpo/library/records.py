"""What is read out of documents: documents, passages, mentions of concepts, candidate claims, and what people decided on them.

All of them are one JSON line in a knowledge base (docs/formats.md). Character positions count Unicode code points and are
half-open: `text[start:end]`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from medgrpo.core import Config


class Document(Config):
    """One document that was read. `id` is the SHA-256 of its bytes; `notes` say what was guessed or could not be read.

    `made_with` names the rules, vocabulary and model that read it: another one reads it again. `refused_proposals` counts what a
    language model proposed and its passage did not support, by reason.
    """

    id: str = Field(pattern=r"^[0-9a-f]{64}$")
    name: str
    format: str
    title: str | None = None
    licence: str | None = None
    date: str | None = None
    pages: int | None = None
    characters: int = Field(ge=0)
    notes: tuple[str, ...] = ()
    made_with: str
    refused_proposals: dict[str, int] = Field(default_factory=dict)


class Passage(Config):
    """A paragraph, list or table with its place: `text` is the document's extracted text from `start_char` to `end_char`.

    `section` is the path of headings above it, outermost first; `page` counts from 1 and is the page on which it begins, None
    where the format has no pages.
    """

    id: str
    document_id: str
    section: tuple[str, ...]
    page: int | None
    start_char: int = Field(ge=0)
    end_char: int
    text: str
    licence: str | None = None
    date: str | None = None

    @model_validator(mode="after")
    def _span_fits_text(self) -> Self:
        if self.end_char - self.start_char != len(self.text):
            raise ValueError(f"span {self.start_char}..{self.end_char} and a text of {len(self.text)} characters do not fit")
        return self


class Context(StrEnum):
    """What the mention speaks of, from its section or words near it: this patient or the subject now, the past, kin, a plan."""

    CURRENT = "current"
    HISTORY = "history"
    FAMILY = "family"
    PLANNED = "planned"


class Mention(Config):
    """A concept named in a passage; positions are in the passage's text."""

    passage_id: str
    concept_id: str
    start_char: int = Field(ge=0)
    end_char: int
    text: str
    negated: bool = False
    uncertain: bool = False
    context: Context = Context.CURRENT


class ClaimRelation(StrEnum):
    """What a claim says of its subject and its object. The first seven are those of `knowledge.RelationKind`."""

    PART_OF = "part_of"  # S is a part, layer, lobe, section of O
    ADJACENT_TO = "adjacent_to"  # S lies beside, behind, below, attached to O; symmetric
    SUPPLIED_BY = "supplied_by"  # S receives blood or nerve supply from O
    AT_RISK_DURING = "at_risk_during"  # S may be injured in or by O
    PRECEDES = "precedes"  # S comes before O
    REQUIRES = "requires"  # S needs O
    CONTRAINDICATES = "contraindicates"  # S speaks against O
    DRAINED_BY = "drained_by"  # S is emptied by O (vein, duct)
    DRAINS_INTO = "drains_into"  # S empties, joins, opens into O
    BRANCH_OF = "branch_of"  # S arises from O
    CONTAINS = "contains"  # S holds, stores or carries O
    PRODUCES = "produces"  # S makes or secretes O
    ACTS_ON = "acts_on"  # S (action or instrument) is done to, used on O
    IDENTIFIED_BEFORE = "identified_before"  # S has to be seen or identified before O
    CAUSES = "causes"  # S leads to O
    INDICATES = "indicates"  # S is a reason for or a sign of O
    PREVENTS = "prevents"  # S averts or lowers the risk of O


class Modality(StrEnum):
    """How strongly it is said. STATED is a plain statement of fact."""

    STATED = "stated"
    MAY = "may"
    SHOULD = "should"
    MUST = "must"
    SHOULD_NOT = "should not"
    MUST_NOT = "must not"


class Claim(Config):
    """Subject, relation, object, as a passage says it; `quote` is the passage's text from `quote_start_char` to `quote_end_char`.

    `subject` and `object` are concept ids. `negated` says that the passage denies it; "must not" is a modality, not a negation.
    `condition` and `strength` are words of the passage. A candidate is no knowledge until a person has accepted it.
    """

    id: str
    subject: str
    relation: ClaimRelation
    object: str
    modality: Modality = Modality.STATED
    condition: str | None = None
    strength: str | None = None
    negated: bool = False
    passage_id: str
    quote: str
    quote_start_char: int = Field(ge=0)
    quote_end_char: int
    extractor: str
    status: Literal["candidate", "accepted", "rejected"] = "candidate"
    author: str | None = None
    time: datetime | None = None

    @model_validator(mode="after")
    def _decided_by_somebody(self) -> Self:
        if self.quote_end_char - self.quote_start_char != len(self.quote):
            raise ValueError("the quote's span does not fit its text")
        if self.status != "candidate" and (self.author is None or self.time is None):
            raise ValueError(f"a claim that is {self.status} needs its author and time")
        return self


class Decision(Config):
    """What a person decided on a claim. `claim` is what was decided on, whole, as it reads after an edit."""

    claim_id: str
    verdict: Literal["accepted", "rejected"]
    author: str = Field(min_length=1)
    time: datetime
    claim: Claim
    edited_from: Claim | None = None
