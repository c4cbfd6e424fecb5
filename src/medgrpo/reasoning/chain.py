"""A chain of thought as data: what is to be decided, what was seen and what was not, what knowledge says, and what follows.

The fields are those of the project's reasoning step. A conclusion is a small typed value that names its premises; which premises
carry which conclusion is written once, in `support`, and checked before a chain is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from medgrpo.core import Span

Basis = Literal["seen", "image measure", "inferred"]


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that was perceived: its concepts (`knowledge` ids), where in time, on which frames, how sure."""

    id: str
    concepts: tuple[str, ...]
    words: str
    span: Span
    seconds: tuple[float, ...]
    key_seconds: float
    confidence: float
    basis: Basis


class Absence(StrEnum):
    """Why a cue is missing. NOT_PERCEIVED is no statement about the patient: nobody looked."""

    NOT_SEEN = "not seen so far"
    NOT_PERCEIVED = "not visible to this perception"
    NO_VIEW = "the view was not good enough"


@dataclass(frozen=True, slots=True)
class MissingCue:
    """Something that should have been visible, and why it is not among the cues."""

    id: str
    concept: str
    words: str
    why: Absence
    note: str = ""


class GroundKind(StrEnum):
    """What a piece of knowledge says. The first three are rules of the procedure, the rest its hazards and its course."""

    REQUIRES = "requires"
    BEFORE = "before"
    FORBIDS = "forbids"
    HAZARD = "hazard"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Ground:
    """A rule or claim of the knowledge: `subject` `kind` `object` (ids of the procedure or concepts), and its sources."""

    id: str
    kind: GroundKind
    subject: str
    object: str
    words: str
    citations: tuple[str, ...]


class ConclusionKind(StrEnum):
    """What may be concluded; `support.SUPPORTS` says from what."""

    NOT_SHOWN = "not shown"  # what the step requires has not been shown
    SHOWN = "shown"  # what the step requires was seen
    FORBIDDEN = "forbidden"  # what forbids the step is seen
    AT_RISK = "at risk"  # the hazard's condition is seen
    UNUSUAL = "unusual"  # the course differs from the procedure's
    ABSTAINED = "abstained"  # what would decide cannot be seen


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`kind` of `subject` (an id of the procedure), from `premises`: ids of cues, missing cues and grounds of the same chain."""

    kind: ConclusionKind
    subject: str
    premises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that could be done."""

    id: str
    words: str


@dataclass(frozen=True, slots=True)
class RiskNamed:
    """What could go wrong, which structures it concerns, and what the knowledge advises."""

    hazard: str
    words: str
    structures: tuple[str, ...]
    advice: str
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What should follow: an id of the procedure; `probability` and `in_seconds` where they are known."""

    id: str
    words: str
    probability: float | None = None
    in_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """One chain of thought, made at `seconds` from the past alone. `text` says it in words; `abstain` is why it does not commit.

    `confidence` is that of the weakest seen cue it rests on, None where it abstains.
    """

    id: str
    decision: str
    question: str
    seconds: float
    span: Span
    options: tuple[Choice, ...]
    cues_seen: tuple[Cue, ...]
    cues_missing: tuple[MissingCue, ...]
    grounds: tuple[Ground, ...]
    conclusions: tuple[Conclusion, ...]
    risks: tuple[RiskNamed, ...]
    expected_next: tuple[Expected, ...]
    confidence: float | None
    abstain: str | None
    text: str
    rephrased: bool = False

    @property
    def citations(self) -> tuple[str, ...]:
        """Every source it names, each once, in order."""
        named = [key for one in (*self.grounds, *self.risks) for key in one.citations]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class RefusedThought:
    """A chain that the checker refused: kept with its reasons, never shown as a thought."""

    decision: str
    seconds: float
    reasons: tuple[str, ...]
