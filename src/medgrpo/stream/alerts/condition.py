"""What may be alerted about: a condition, present or not, with everything that a person needs to judge it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from medgrpo.core import Box
from medgrpo.stream.alerts.words import Kind, Presence, Priority


class ChannelState(StrEnum):
    """Every channel is in one of these at every moment; NOT_ASSESSED is never shown as green."""

    MONITORING = "monitoring"
    ALERT = "alert"
    CLEAR = "clear"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """One channel at one moment. `why` is the reason of the state in words; the rest describes the condition where it is ALERT.

    `where_xyxy`: places in the picture (0..1). `confidence` 0..1, None where the measure gives none. `what`: the channel in words.
    """

    channel: str
    what: str
    state: ChannelState
    since_seconds: float
    why: str
    kind: Kind
    priority: Priority
    citations: tuple[str, ...] = ()
    where_xyxy: tuple[Box, ...] = ()
    confidence: float | None = None
    expected_next: str | None = None
    advice: str | None = None
    single_act: bool = False
    """True where the alert is about an act that is over: it latches until somebody acknowledges it."""

    def __post_init__(self) -> None:
        if not self.why:
            raise ValueError(f"{self.channel}: {self.state} without a reason")


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that is or was signalled. `raised_seconds` in the case's time; `priority` may have been raised since.

    `audible`: it may interrupt (partner), else it is only shown (watcher). `over_budget`: it was said although the hour's budget
    was spent, because it is high.
    """

    id: str
    report: ChannelReport
    raised_seconds: float
    priority: Priority
    presence: Presence
    audible: bool
    over_budget: bool = False


class Decision(StrEnum):
    """What was done about a condition, said or not."""

    SAID = "said"
    UNSAID = "deliberately not said"
    ESCALATED = "escalated"
    AGAIN = "stands again"
    """Its condition had ended a moment ago: the same alert goes on."""
    LATCHED = "ended, stays until acknowledged"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    DISMISSED = "dismissed"


class Withheld(StrEnum):
    """Why a condition was deliberately not said."""

    GROUPED = "grouped"
    GATED = "gated"
    REFRACTORY = "refractory"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Change:
    """One decision at one moment, with its reason; `by` is the person where one decided.

    `alert` is None where nothing was said; `withheld` then names the kind of reason.
    """

    decision: Decision
    channel: str
    seconds: float
    why: str
    priority: Priority
    alert: Alert | None
    by: str | None = None
    withheld: Withheld | None = None
