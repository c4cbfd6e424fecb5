"""What a rule is: a pure judgement of what is known now, for one risk channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medgrpo.reasoning.records import Evidence, RiskLevel
from medgrpo.reasoning.state import OperationState

NO_PHASE = "no phase of the operation is likely enough to be named, and this rule needs one"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level and its reason in words. `why` holds no running number: a verdict that stays the same reads the same. `since`: when
    what it tells of began, where that is known and earlier than the moment at which it was sure enough to say."""

    level: RiskLevel
    why: str
    evidence: Evidence | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """`hazard` is the procedure's hazard, and the channel's name; priority and citations come from there.

    `is_condition`: an alert that ends leaves the channel CLEAR for a while; otherwise the alert was about a single act, and the
    channel goes back to MONITORING. `needs_sight`: not judged while nothing can be assessed. `one_condition`: an alert that goes on
    is one alert, whatever its reason has become.
    """

    hazard: str
    judge: Callable[[OperationState], Verdict]
    is_condition: bool
    needs_sight: bool = True
    one_condition: bool = False


def monitoring(why: str) -> Verdict:
    return Verdict(RiskLevel.MONITORING, why)


def not_assessed(why: str) -> Verdict:
    return Verdict(RiskLevel.NOT_ASSESSED, why)


def alert(why: str, evidence: Evidence, since: float | None = None) -> Verdict:
    return Verdict(RiskLevel.ALERT, why, evidence, since)
