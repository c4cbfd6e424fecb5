"""Concepts of the project's own code system, how they relate, and which id they have elsewhere.

A concept's id is `<kind>:<name>` and never changes. Data sets' keys and ontologies' ids are `ExternalId`s; each says where it was
verified. SNOMED CT is not shipped (its licence): a user's own map adds it, see `medgrpo.knowledge.load_map`.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from medgrpo.core import Config

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

ID_PATTERN = r"[a-z]+:[a-z0-9][a-z0-9_,\-]*"
ConceptId = Annotated[str, StringConstraints(pattern=f"^{ID_PATTERN}$")]


class ConceptKind(StrEnum):
    """What a concept is. `material` is a target that is no anatomy: a bag, a fluid, a suture, a drug."""

    PROCEDURE = "procedure"
    PHASE = "phase"
    STEP = "step"
    ACTION = "action"
    INSTRUMENT = "instrument"
    ANATOMY = "anatomy"
    STATE = "state"
    FINDING = "finding"
    COMPLICATION = "complication"
    GRADE = "grade"
    MATERIAL = "material"


class ExternalId(Config):
    """The id of a concept in another system. `source` says where this pair was verified."""

    system: Text
    id: Text
    source: Text


class Concept(Config):
    """One idea of the field. `broader` are more general concepts of the same kind; `definition` is in our own words."""

    id: ConceptId
    kind: ConceptKind
    preferred: Text
    others: tuple[Text, ...] = ()
    abbreviations: tuple[Text, ...] = ()
    definition: Text
    broader: tuple[ConceptId, ...] = ()
    external: tuple[ExternalId, ...] = ()
    citations: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _id_names_the_kind(self) -> Self:
        if self.id.split(":", 1)[0] != self.kind:
            raise ValueError(f"the id {self.id!r} must begin with its kind, {self.kind.value!r}")
        return self

    @property
    def terms(self) -> tuple[str, ...]:
        """Every written form: preferred, others, abbreviations."""
        return (self.preferred, *self.others, *self.abbreviations)


class RelationKind(StrEnum):
    """What one concept is to another, read from subject to object."""

    PART_OF = "part_of"
    ADJACENT_TO = "adjacent_to"
    SUPPLIED_BY = "supplied_by"
    AT_RISK_DURING = "at_risk_during"
    PRECEDES = "precedes"
    REQUIRES = "requires"
    CONTRAINDICATES = "contraindicates"


class Relation(Config):
    """`subject` `kind` `object`, with the citations that say so."""

    subject: ConceptId
    kind: RelationKind
    object: ConceptId
    citations: tuple[Text, ...] = Field(min_length=1)


def normal_term(text: str) -> str:
    """A written form as it is compared: one case, one kind of apostrophe, hyphens and underscores as spaces, single spaces."""
    plain = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return " ".join(plain.replace("_", " ").replace("-", " ").split())
