"""What reasoning says: every record is frozen and carries its evidence from birth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from medgrpo.core import Span
from medgrpo.perception import Tip
from medgrpo.reasoning.chain import RefusedThought, Thought


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a statement rests on: the looks (their times), the model that looked, how sure, and the boxes to draw.

    `key_seconds` is the one look that shows it best; it is one of `seconds`.
    """

    seconds: tuple[float, ...]
    key_seconds: float
    model: str
    confidence: float
    tips: tuple[Tip, ...] = ()

    def __post_init__(self) -> None:
        if not self.seconds or self.key_seconds not in self.seconds:
            raise ValueError("evidence names at least one look, and its key look is among them")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence must lie in 0..1, got {self.confidence}")


@dataclass(frozen=True, slots=True)
class PhaseSegment:
    """A stretch of one phase of the operation; None where no phase could be assessed (`reason` says why)."""

    span: Span
    phase: str | None
    confidence: float
    evidence: Evidence
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StepSegment:
    """A stretch in which one step of a phase is being done, as its actions show; `confidence` is given that phase."""

    span: Span
    phase: str
    step: str
    confidence: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class UnusualOrder:
    """A phase was followed by one that the procedure does not expect then. Reported, never corrected.

    `span` runs from the end of `before` to the moment at which this was sure enough to say. `share` is how often the procedure
    file says that `after` follows `before` (0 where it is not named); `expected` is what it names, the most usual first.
    """

    span: Span
    before: str
    after: str
    share: float
    expected: tuple[str, ...]
    why: str
    evidence: Evidence
    citations: tuple[str, ...]


class SubGoalLevel(StrEnum):
    NOT_BEGUN = "not begun"
    UNDER_WAY = "under way"
    ACHIEVED = "achieved"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, slots=True)
class SubGoalState:
    """What is known of one sub-goal over `span`; `why` says on what grounds.

    UNDER WAY and ACHIEVED carry evidence. ACHIEVED is an inference from an action that was seen through, never from its result: a
    sub-goal that no action proves is at most UNDER WAY, and NOT ASSESSED once the operation has moved on.
    """

    sub_goal: str
    phase: str
    level: SubGoalLevel
    span: Span
    why: str
    evidence: Evidence | None
    citations: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.level in (SubGoalLevel.UNDER_WAY, SubGoalLevel.ACHIEVED) and self.evidence is None:
            raise ValueError(f"{self.sub_goal}: {self.level} without evidence")
        if not self.why:
            raise ValueError(f"{self.sub_goal}: {self.level} without a reason")


@dataclass(frozen=True, slots=True)
class ActionSegment:
    """A stretch in which one action (a CholecT50 triplet name) is seen."""

    span: Span
    triplet: str
    confidence: float
    evidence: Evidence


class EventKind(StrEnum):
    CLIP_APPLIED = "clip applied"
    STRUCTURE_DIVIDED = "structure divided"
    BLEEDING_SEEN = "bleeding seen"
    BAG_USED = "specimen bag used"
    VIEW_LOST = "view lost"
    OUT_OF_BODY = "camera outside the body"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `target` is the CholecT50 target it happened to, where that is known."""

    kind: EventKind
    span: Span
    target: str | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement in clinical language. `citations` are keys of the procedure's citations, where it rests on knowledge.

    `id` is unique in one analysis. `basis` says whether it was seen, or inferred from what was seen by a named rule.
    """

    id: str
    text: str
    span: Span
    basis: Literal["seen", "inferred"]
    evidence: Evidence
    citations: tuple[str, ...] = ()
    rule: str | None = None

    def __post_init__(self) -> None:
        if self.basis == "inferred" and self.rule is None:
            raise ValueError("an inferred statement names the rule that inferred it")


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may come next: a phase or step of the procedure or a triplet, its probability, and when, if known."""

    kind: Literal["phase", "step", "action"]
    id: str
    probability: float
    in_seconds: float | None


@dataclass(frozen=True, slots=True)
class ComingTime:
    """When something is next under way: 10, 50 and 90 % points in seconds from the forecast, None beyond its horizon or never.

    0 means now. `probability`: that it comes within the horizon. `id`: a phase, an event's kind, an instrument, or "operation".
    """

    kind: Literal["phase", "event", "instrument", "end"]
    id: str
    probability: float
    low_seconds: float | None
    middle_seconds: float | None
    high_seconds: float | None


@dataclass(frozen=True, slots=True)
class ComingRisk:
    """A hazard of a phase that lies ahead: how probably that phase comes within the horizon, and when (10, 50, 90 % points)."""

    hazard: str
    phases: tuple[str, ...]
    probability: float
    low_seconds: float | None
    middle_seconds: float | None
    high_seconds: float | None
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was expected at `seconds`, most probable first. Written when the expectation changes.

    `options`: the next phase and step; `actions`: the next action to begin; `times`: the next occurrence of each phase, key event
    and instrument; `remaining`: the end of the operation; `risks`: hazards that lie ahead.
    `times_basis` says what all but `options` rests on.
    """

    seconds: float
    options: tuple[Option, ...]
    basis: str
    evidence: Evidence
    citations: tuple[str, ...]
    actions: tuple[Option, ...] = ()
    times: tuple[ComingTime, ...] = ()
    remaining: ComingTime | None = None
    risks: tuple[ComingRisk, ...] = ()
    horizon_seconds: float = 0.0
    times_basis: str = ""

    def __post_init__(self) -> None:
        if (self.times or self.risks or self.remaining is not None) and not (self.horizon_seconds > 0 and self.times_basis):
            raise ValueError("times to come are given up to a horizon and with their basis")


class RiskLevel(StrEnum):
    MONITORING = "monitoring"
    ALERT = "alert"
    CLEAR = "clear"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, slots=True)
class RiskState:
    """The state of one risk channel over `span`. ALERT and CLEAR carry evidence; NOT ASSESSED and ALERT carry their reason."""

    channel: str
    level: RiskLevel
    span: Span
    why: str
    priority: Literal["high", "medium", "low", "information"]
    evidence: Evidence | None
    citations: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.level in (RiskLevel.ALERT, RiskLevel.CLEAR) and self.evidence is None:
            raise ValueError(f"{self.channel}: {self.level} without evidence")
        if not self.why:
            raise ValueError(f"{self.channel}: {self.level} without a reason")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the video could be looked at: seconds assessed, and seconds not assessed by reason."""

    assessed_seconds: float
    not_assessed_seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that is known about one operation once its last look is in; everything in order of time."""

    duration_seconds: float
    phases: tuple[PhaseSegment, ...]
    actions: tuple[ActionSegment, ...]
    events: tuple[Event, ...]
    findings: tuple[Finding, ...]
    forecasts: tuple[Forecast, ...]
    risks: tuple[RiskState, ...]
    coverage: Coverage
    domain: str
    models: tuple[str, ...]
    steps: tuple[StepSegment, ...] = ()
    sub_goals: tuple[SubGoalState, ...] = ()
    unusual_orders: tuple[UnusualOrder, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    refused_thoughts: tuple[RefusedThought, ...] = ()


Record = (
    PhaseSegment
    | StepSegment
    | SubGoalState
    | UnusualOrder
    | ActionSegment
    | Event
    | Finding
    | Forecast
    | RiskState
    | Thought
    | RefusedThought
)
