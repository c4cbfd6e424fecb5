"""From the reasoner's risk states to channels that can be alerted about, in the words of the procedure."""

from __future__ import annotations

from medgrpo.knowledge import Procedure, label
from medgrpo.reasoning import RULES, Reasoner, RiskLevel, RiskState
from medgrpo.stream.alerts import ChannelReport, ChannelState, Kind, Priority

_PRIORITIES = {"high": Priority.HIGH, "medium": Priority.MEDIUM, "low": Priority.LOW, "information": Priority.LOW}
_TECHNICAL = ("view",)
_SINGLE_ACTS = frozenset(rule.hazard for rule in RULES if not rule.is_condition)


EXPECTED_EVERY_SECONDS = 2.0
"""While the same alerts stand, what is expected next is worked out anew this often: a whole forecast costs a quarter of a look."""


class RiskChannels:
    """Stateful: one case. What is expected next is made when an alert begins, changes its reason or the phase changes, and then
    every EXPECTED_EVERY_SECONDS; without an alert never."""

    def __init__(self, reasoner: Reasoner, procedure: Procedure) -> None:
        self._reasoner, self._procedure = reasoner, procedure
        self._about: tuple[object, ...] = ()
        self._made_seconds = float("-inf")
        self._expected: str | None = None

    def reports(self, seconds: float, blind: str | None, blind_since: float) -> tuple[ChannelReport, ...]:
        """Every risk channel at that second. `blind`: why no picture can be judged, whatever the last look said; nothing is then
        assessed."""
        states = self._reasoner.channels
        expected = self._expected_next(seconds, states) if blind is None else None
        return tuple(_report(state, self._procedure, expected, blind, blind_since) for state in states)

    def _expected_next(self, seconds: float, states: tuple[RiskState, ...]) -> str | None:
        """The most probable next phase or step, where something stands that one would like to know it for."""
        alerts = tuple((state.channel, state.why) for state in states if state.level is RiskLevel.ALERT)
        if not alerts:
            self._about = ()
            return None
        about = (self._reasoner.phase, *alerts)
        if about != self._about or seconds - self._made_seconds >= EXPECTED_EVERY_SECONDS:
            self._about, self._made_seconds, self._expected = about, seconds, _forecast(self._reasoner)
        return self._expected


def _report(state: RiskState, procedure: Procedure, expected: str | None, blind: str | None, since: float) -> ChannelReport:
    hazard = procedure.hazard(state.channel)
    kind = Kind.TECHNICAL if state.channel in _TECHNICAL else Kind.OTHER
    priority = _PRIORITIES[state.priority]
    if blind is not None:
        return ChannelReport(state.channel, hazard.name, ChannelState.NOT_ASSESSED, since, blind, kind, priority)
    alerts = state.level is RiskLevel.ALERT
    evidence = state.evidence if alerts else None
    return ChannelReport(
        channel=state.channel,
        what=hazard.name,
        state=ChannelState(state.level.value),
        since_seconds=state.span.start_seconds,
        why=state.why,
        kind=kind,
        priority=priority,
        citations=state.citations if alerts else (),
        where_xyxy=tuple(tip.box_xyxy for tip in evidence.tips) if evidence is not None else (),
        confidence=None if evidence is None else evidence.confidence,
        expected_next=expected if alerts else None,
        advice=hazard.advice if alerts else None,
        single_act=state.channel in _SINGLE_ACTS,
    )


def _forecast(reasoner: Reasoner) -> str | None:
    forecast = reasoner.forecast_now()
    if forecast is None or not forecast.options:
        return None
    first = forecast.options[0]
    return f"{label(first.id) if first.kind == 'phase' else first.id} ({first.probability:.0%})"
