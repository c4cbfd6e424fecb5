"""What a draft operative report is made of. A report is preliminary from birth; nothing in this room makes it final."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from medgrpo.knowledge import Citation
from medgrpo.reasoning import Evidence, Finding, RiskState, Timeline

DRAFT_NOTICE = "DRAFT, research software, not for clinical use"


class Provenance(StrEnum):
    """Where a field's value comes from. A field without a value is NOT_OBSERVED, and its note says why."""

    SEEN = "seen"
    INFERRED = "inferred"
    DEVICE = "device"
    EHR = "ehr"
    SURGEON = "surgeon"
    NOT_OBSERVED = "not observed"


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """The facts of one analysis, all given by the caller. `analysed_at` carries its time zone; `sha256` is the video's."""

    file_name: str
    duration_seconds: float
    sha256: str
    analysed_at: datetime
    medgrpo_version: str
    looks_per_second: float

    def __post_init__(self) -> None:
        if self.analysed_at.tzinfo is None:
            raise ValueError("analysed_at needs a time zone")
        if not self.duration_seconds >= 0 or not self.looks_per_second > 0:
            raise ValueError("a case lasts 0 s or more and is looked at more than 0 times per second")


@dataclass(frozen=True, slots=True)
class Field:
    """One synoptic item. `seconds` are the looks it rests on, `statements` the ids of findings that say the same.

    Either it has a value and says where from, or it has none and `note` says why; never a default value.
    """

    group: str
    name: str
    value: str | None
    provenance: Provenance
    seconds: tuple[float, ...] = ()
    statements: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != (self.provenance is Provenance.NOT_OBSERVED):
            raise ValueError(f"{self.group}, {self.name}: a value needs its provenance, and no value means not observed")
        if self.value is None and not self.note:
            raise ValueError(f"{self.group}, {self.name}: not observed without a reason")
        if self.provenance in (Provenance.SEEN, Provenance.INFERRED) and not self.seconds:
            raise ValueError(f"{self.group}, {self.name}: {self.provenance} without a time on the video")


@dataclass(frozen=True, slots=True)
class Section:
    """One stretch of the narrative. `phase` is None where none was assessed; `reason` then says why.

    `evidence` is None only for the sections after the phases, which collect what belongs to no single one.
    """

    title: str
    start_seconds: float
    end_seconds: float
    phase: str | None
    confidence: float | None
    reason: str | None
    evidence: Evidence | None
    statements: tuple[Finding, ...]


FrameKind = Literal["alert", "event", "phase"]


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A picture worth showing: `seconds` is its look, `reasons` say what it shows, `statements` are ids of findings."""

    seconds: float
    reasons: tuple[str, ...]
    kind: FrameKind
    evidence: Evidence
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RiskChannel:
    """One risk channel through the operation: its name, the advice of its hazard where the procedure has one, its states."""

    id: str
    name: str
    advice: str
    citations: tuple[str, ...]
    states: tuple[RiskState, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be assessed, and why. `spans` are start and end seconds, empty where only the sum is known."""

    what: str
    why: str
    seconds: float | None
    spans: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Support:
    """A passage of a knowledge base that speaks of what a chain of thought speaks of.

    `quote` is the part of `text` that an accepted claim rests on, empty where `reviewed` is false. `note` says what it joins.
    """

    document: str
    section: tuple[str, ...]
    page: int | None
    licence: str | None
    text: str
    quote: str
    note: str
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A draft operative report. `summary` and `concerns` are sentences: what was seen; what alarmed or was never assessed.

    `recognised`: the video was taken for this procedure; otherwise nothing in it was assessed as such. `citations` are in the
    order of their first use: footnote n is `citations[n - 1]`. `names` gives the words for the phase and step ids of the
    timeline. `key_frames_left_out` counts what the limit on key frames cost. `support` gives the passages behind a thought, by its
    id, where a `knowledge_base` was named.
    """

    case: CaseInfo
    procedure_id: str
    procedure_name: str
    recognised: bool
    simulated: bool
    summary: tuple[str, ...]
    concerns: tuple[str, ...]
    fields: tuple[Field, ...]
    sections: tuple[Section, ...]
    key_frames: tuple[KeyFrame, ...]
    key_frames_left_out: int
    channels: tuple[RiskChannel, ...]
    gaps: tuple[Gap, ...]
    citations: tuple[Citation, ...]
    names: Mapping[str, str]
    timeline: Timeline
    knowledge_base: bool = False
    support: Mapping[str, tuple[Support, ...]] = field(default_factory=dict[str, tuple[Support, ...]])
    status: Literal["preliminary"] = field(default="preliminary", init=False)

    def footnote(self, key: str) -> int:
        """The number of a citation key, from 1."""
        return next(number for number, citation in enumerate(self.citations, 1) if citation.key == key)
