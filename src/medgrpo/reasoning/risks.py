"""Risk channels over time: every channel is in exactly one state at every moment, without gaps or overlaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medgrpo.core import Span
from medgrpo.perception import Domain
from medgrpo.reasoning.coverage import NO_LOOK as NOT_LOOKED_AT
from medgrpo.reasoning.coverage import NOBODY_WATCHED
from medgrpo.reasoning.evidence import evidence_of
from medgrpo.reasoning.records import RiskLevel, RiskState
from medgrpo.reasoning.rules import RULES, Rule, Verdict
from medgrpo.reasoning.state import OperationState

NO_LOOK = "no look at the video yet"
_THEN = "; then "


@dataclass(slots=True)
class _Channel:
    rule: Rule
    verdict: Verdict
    start_seconds: float
    alerted_seconds: float = 0.0  # when its rule last judged ALERT


class RiskTracker:
    """Judges all rules; returns the states that are over."""

    def __init__(self, state: OperationState) -> None:
        self._state = state
        first = Verdict(RiskLevel.NOT_ASSESSED, NO_LOOK)
        self._channels = [_Channel(rule, first, 0.0) for rule in RULES]

    def judge(self, with_sight: bool = True) -> list[RiskState]:
        """Judge at `state.now`. `with_sight=False`: only the rules that do not need it (sight is being lost or regained)."""
        state = self._state
        closed: list[RiskState] = []
        for channel in self._channels:
            if channel.rule.needs_sight and not with_sight:
                continue
            closed += self._move(channel, state.now, self._verdict(channel, state))
        return closed

    def lost(self, at: float, reason: str) -> list[RiskState]:
        """Nothing can be assessed from `at` on: NOT ASSESSED from there, except what needs no sight, which is judged now.

        Where no picture was looked at, not even the view could be judged.
        """
        verdict = Verdict(RiskLevel.NOT_ASSESSED, reason)
        closed: list[RiskState] = []
        for channel in self._channels:
            if channel.rule.needs_sight or reason in (NOT_LOOKED_AT, NOBODY_WATCHED):
                closed += self._move(channel, at, verdict)
        return closed + self.judge(with_sight=False)

    def regained(self, at: float) -> list[RiskState]:
        """What needs sight is judged again, and counts from `at`, where sight came back."""
        state = self._state
        closed: list[RiskState] = []
        for channel in self._channels:
            closed += self._move(channel, at if channel.rule.needs_sight else state.now, self._verdict(channel, state))
        return closed

    def finish(self, end: float) -> list[RiskState]:
        return [self._record(channel, max(end, channel.start_seconds)) for channel in self._channels]

    def _verdict(self, channel: _Channel, state: OperationState) -> Verdict:
        if state.unassessed is not None and state.domain is Domain.UNKNOWN:
            return Verdict(RiskLevel.NOT_ASSESSED, state.unassessed)
        verdict = channel.rule.judge(state)
        now, risk = channel.verdict, state.config.risk
        age = state.now - channel.start_seconds
        if verdict.level is RiskLevel.ALERT:
            channel.alerted_seconds = state.now
        if verdict.level is RiskLevel.MONITORING and channel.rule.is_condition:
            if now.level is RiskLevel.ALERT:
                if age < risk.alert_minimum_seconds or state.now - channel.alerted_seconds < risk.alert_settle_seconds:
                    return now
                return Verdict(RiskLevel.CLEAR, f"ended: {now.why}", now.evidence)
            if now.level is RiskLevel.CLEAR and age < risk.clear_hold_seconds:
                return now
        if now.level is RiskLevel.ALERT and age < risk.alert_minimum_seconds and verdict.level is RiskLevel.MONITORING:
            return now
        return verdict

    def _move(self, channel: _Channel, at: float, verdict: Verdict) -> list[RiskState]:
        if verdict.level is channel.verdict.level and verdict.why == channel.verdict.why:
            return []
        if verdict.level is channel.verdict.level is RiskLevel.ALERT and channel.rule.one_condition:
            channel.verdict = _also(channel.verdict, verdict.why)
            return []
        if verdict.since is not None and channel.verdict.level in (RiskLevel.MONITORING, RiskLevel.CLEAR):
            at = min(at, verdict.since)  # it stood before it was sure enough to say; what could not be assessed stays so
        at = max(at, channel.start_seconds)
        if verdict.since is not None:
            verdict = self._inside(verdict, at)
        closed = [self._record(channel, at)] if at > channel.start_seconds else []
        channel.verdict, channel.start_seconds = verdict, at
        return closed

    def _inside(self, verdict: Verdict, at: float) -> Verdict:
        """With evidence of looks from `at` on: a picture that shows an alert lies within it."""
        evidence, latest = verdict.evidence, self._state.latest
        if evidence is None or evidence.seconds[0] >= at:
            return verdict
        kept = tuple(second for second in evidence.seconds if second >= at)
        if kept:
            key = evidence.key_seconds if evidence.key_seconds in kept else kept[0]
            tips = evidence.tips if key == evidence.key_seconds else ()
            return replace(verdict, evidence=replace(evidence, seconds=kept, key_seconds=key, tips=tips))
        return verdict if latest is None else replace(verdict, evidence=evidence_of(latest, evidence.confidence))

    def _record(self, channel: _Channel, end: float) -> RiskState:
        hazard = self._state.procedure.hazard(channel.rule.hazard)
        verdict, span = channel.verdict, Span(channel.start_seconds, end)
        return RiskState(hazard.id, verdict.level, span, verdict.why, hazard.priority, verdict.evidence, hazard.citations)

    @property
    def channels(self) -> list[RiskState]:
        """Every channel as it stands now, as it would be recorded if it ended now."""
        return [self._record(channel, max(self._state.now, channel.start_seconds)) for channel in self._channels]

    @property
    def alerts(self) -> list[RiskState]:
        """The alerts that stand now, each as it would be recorded if it ended now."""
        return [
            self._record(channel, self._state.now)
            for channel in self._channels
            if channel.verdict.level is RiskLevel.ALERT and self._state.now >= channel.start_seconds
        ]


def _also(verdict: Verdict, why: str) -> Verdict:
    """The same alert, which has got another reason beside."""
    return verdict if why in verdict.why.split(_THEN) else replace(verdict, why=f"{verdict.why}{_THEN}{why}")
