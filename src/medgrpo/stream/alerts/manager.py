"""From conditions to what is said: hysteresis, grouping, gating, refractory times, budget, escalation, latching, people's answers.

Whatever is decided comes out as a `Change` with its reason, also where nothing is said. High alerts are never held back by the
budget or a refractory time of another alert; where they go over the budget they say so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from medgrpo.core import InputError
from medgrpo.stream.alerts.condition import Alert, Change, ChannelReport, ChannelState, Decision, Withheld
from medgrpo.stream.alerts.site import Site
from medgrpo.stream.alerts.words import Kind, Presence, Priority

_HOUR_SECONDS = 3600.0


@dataclass(slots=True)
class _Standing:
    """A condition that stands now: since when, what was decided about it last (so that it is recorded once), and its alert."""

    since_seconds: float
    decided: str = ""
    alert: Alert | None = None
    escalated: bool = False


class AlertManager:
    """Feed `update` every tick's channels in order of time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._standing: dict[str, _Standing] = {}
        self._latched: dict[str, Alert] = {}
        self._ended: dict[str, tuple[_Standing, float]] = {}
        self._out_of_sight: dict[str, _Standing] = {}
        """By channel: an alert that is latched because nothing could be judged any more, as it was before."""
        self._said_seconds: dict[str, float] = {}
        self._said: dict[Priority, deque[float]] = {Priority.MEDIUM: deque(), Priority.HIGH: deque()}
        self._run, self._count = "", 0
        self._now = 0.0

    def of_run(self, run: int) -> None:
        """Which process of the case this is, from 1. Alerts of a later one carry it in their names: no two of a case are named
        alike, even where the disk refused the entries of those before."""
        self._run = "" if run == 1 else f"R{run}-"

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """All that are signalled or latched now, the most urgent first."""
        standing = [one.alert for one in self._standing.values() if one.alert is not None]
        shown = [alert for alert in [*standing, *self._latched.values()] if alert.presence is not Presence.OFF]
        return tuple(sorted(shown, key=lambda alert: (-alert.priority.rank, alert.raised_seconds)))

    def update(self, seconds: float, phase: str | None, reports: Sequence[ChannelReport]) -> tuple[Change, ...]:
        """The decisions of this moment. InputError when time goes back."""
        if seconds < self._now:
            raise InputError(f"alerts are decided in order of time: {seconds} s came after {self._now} s")
        self._now = seconds
        changes: list[Change] = []
        present = {report.channel for report in reports if report.state is ChannelState.ALERT}
        for report in reports:
            if report.state is ChannelState.ALERT:
                changes += self._stands(report, phase, present)
                continue
            if report.state is not ChannelState.NOT_ASSESSED:
                self._out_of_sight.pop(report.channel, None)  # what comes now is another
            if report.channel in self._standing:
                carried = self._carried(report, present)
                standing = self._standing[report.channel]
                changes += self._escalated(report.channel, standing) if carried else self._ends(report)
        return tuple(changes)

    def acknowledge(self, alert_id: str, by: str) -> Change:
        """A person has seen it: silent from now on, and gone once its condition is. InputError when there is no such alert."""
        return self._answered(alert_id, by, Decision.ACKNOWLEDGED, "seen", Presence.ACK)

    def dismiss(self, alert_id: str, by: str, why: str) -> Change:
        """A person says that it is wrong or of no use, with a reason, which is recorded. InputError without one."""
        if not why.strip():
            raise InputError("an alert is dismissed with a reason: say why")
        return self._answered(alert_id, by, Decision.DISMISSED, why.strip(), Presence.OFF)

    def _answered(self, alert_id: str, by: str, decision: Decision, why: str, presence: Presence) -> Change:
        if not by.strip():
            raise InputError("whoever answers an alert gives a name")
        latched = self._latched.pop(alert_id, None)
        if latched is not None:
            off = replace(latched, presence=Presence.OFF)
            return Change(decision, latched.report.channel, self._now, why, latched.priority, off, by)
        for channel, standing in self._standing.items():
            if standing.alert is not None and standing.alert.id == alert_id:
                standing.alert = replace(standing.alert, presence=presence, audible=False)
                return Change(decision, channel, self._now, why, standing.alert.priority, standing.alert, by)
        raise InputError(f"{alert_id}: no such alert stands now")

    def _stands(self, report: ChannelReport, phase: str | None, present: set[str]) -> list[Change]:
        channel = report.channel
        standing = self._standing.setdefault(channel, _Standing(self._now))
        if standing.alert is not None:
            standing.alert = replace(standing.alert, report=report)
            return self._escalated(channel, standing)
        if self._now - standing.since_seconds < self.site.policy(channel).on_after_seconds:
            return []
        held_back = self._held_back(report, phase, present)
        if held_back is None or held_back[0] in (Withheld.REFRACTORY, Withheld.BUDGET):
            again = self._again(report, standing)
            if again is not None:
                return again
        if held_back is not None:
            kind, reason = held_back
            if reason == standing.decided:
                return []
            standing.decided = reason
            return [Change(Decision.UNSAID, channel, self._now, reason, report.priority, None, withheld=kind)]
        return [self._say(report, standing)]

    def _held_back(self, report: ChannelReport, phase: str | None, present: set[str]) -> tuple[Withheld, str] | None:
        policy = self.site.policy(report.channel)
        cause = next((other for other in policy.grouped_under if other in present), None)
        if cause is not None:
            return Withheld.GROUPED, f"grouped under {cause}, which stands"
        carrier = next((one for one in self._standing if self._carries(one, report.channel)), None)
        if carrier is not None:
            return Withheld.GROUPED, f"grouped under {carrier}, whose alert stands"
        if policy.phases and phase not in policy.phases:
            only = ", ".join(policy.phases)
            return Withheld.GATED, f"gated: told in {only} only, this is {phase or 'no settled phase'}"
        last = self._said_seconds.get(report.channel)
        if last is not None and self._now - last < policy.refractory_seconds:
            return Withheld.REFRACTORY, f"refractory: it was said within the last {policy.refractory_seconds:g} s"
        if report.priority is Priority.MEDIUM and report.kind is not Kind.TECHNICAL and self._spent(Priority.MEDIUM):
            return Withheld.BUDGET, f"budget: {self.site.budget.medium_per_hour} medium alerts were said in the last hour"
        return None

    def _carries(self, channel: str, other: str) -> bool:
        return other in self.site.policy(channel).carries and self._standing[channel].alert is not None

    def _carried(self, report: ChannelReport, present: set[str]) -> bool:
        """Whether its alert goes on, because what it cannot be assessed for stands."""
        assessed = report.state is not ChannelState.NOT_ASSESSED
        return not assessed and any(self._carries(report.channel, other) for other in present)

    def _again(self, report: ChannelReport, standing: _Standing) -> list[Change] | None:
        """The alert that ended a moment ago, or that was out of sight, goes on as it was answered; None where there is none."""
        hidden = self._out_of_sight.pop(report.channel, None)
        if hidden is not None and hidden.alert is not None and self._latched.pop(hidden.alert.id, None) is not None:
            alert = standing.alert = replace(hidden.alert, report=report)
            standing.escalated = hidden.escalated
            why = f"{report.why} (again, now that it can be judged: the same alert)"
            return [Change(Decision.AGAIN, report.channel, self._now, why, alert.priority, alert)]
        before, ended_seconds = self._ended.get(report.channel, (standing, float("-inf")))
        away = standing.since_seconds - ended_seconds
        if before.alert is None or away > self.site.policy(report.channel).same_within_seconds:
            return None
        del self._ended[report.channel]
        alert = standing.alert = replace(before.alert, report=report)
        standing.escalated = before.escalated
        if alert.presence is Presence.OFF:  # somebody dismissed it
            return []
        why = f"{report.why} (again, {away:.1f} s after it had ended: the same alert)"
        return [Change(Decision.AGAIN, report.channel, self._now, why, alert.priority, alert)]

    def _spent(self, priority: Priority) -> bool:
        said = self._said[priority]
        while said and said[0] <= self._now - _HOUR_SECONDS:
            said.popleft()
        budget = self.site.budget
        return len(said) >= (budget.high_per_hour if priority is Priority.HIGH else budget.medium_per_hour)

    def _say(self, report: ChannelReport, standing: _Standing) -> Change:
        over = report.priority is Priority.HIGH and self._spent(Priority.HIGH)
        partner = self.site.role_for(report.channel) == "partner"
        audible = partner and report.priority.rank >= Priority.MEDIUM.rank
        self._count += 1
        alert = Alert(f"{self._run}A{self._count:04d}", report, self._now, report.priority, Presence.ON, audible, over)
        standing.alert = alert
        self._ended.pop(report.channel, None)
        self._said_seconds[report.channel] = self._now
        if report.priority in self._said and report.kind is not Kind.TECHNICAL:
            self._said[report.priority].append(self._now)
        why = report.why + (" (over the budget of the hour: high alerts are said all the same)" if over else "")
        return Change(Decision.SAID, report.channel, self._now, why, report.priority, alert)

    def _escalated(self, channel: str, standing: _Standing) -> list[Change]:
        alert = standing.alert
        if alert is None or standing.escalated or alert.presence is not Presence.ON or alert.priority is Priority.HIGH:
            return []
        if self._now - alert.raised_seconds < self.site.escalate_after_seconds:
            return []
        partner = self.site.role_for(channel) == "partner"
        raised = replace(alert, priority=alert.priority.raised(), audible=partner)
        standing.alert, standing.escalated = raised, True
        why = f"nobody has acknowledged it for {self.site.escalate_after_seconds:g} s"
        return [Change(Decision.ESCALATED, channel, self._now, why, raised.priority, raised)]

    def _ends(self, report: ChannelReport) -> list[Change]:
        standing = self._standing.pop(report.channel)
        alert = standing.alert
        if alert is None:
            return []
        if alert.presence is Presence.ON and (alert.report.single_act or self._lost_sight_of(report)):
            if not alert.report.single_act:
                self._out_of_sight[report.channel] = standing
            latched = replace(alert, presence=Presence.LATCH, audible=False)
            self._latched[latched.id] = latched
            return [Change(Decision.LATCHED, report.channel, self._now, report.why, alert.priority, latched)]
        self._ended[report.channel] = (standing, self._now)
        ended = replace(alert, presence=Presence.OFF, audible=False)
        return [Change(Decision.ENDED, report.channel, self._now, report.why, alert.priority, ended)]

    def _lost_sight_of(self, report: ChannelReport) -> bool:
        """Nobody has answered, and nobody can say that it is over: it cannot be judged. An alert whose return within a time is the
        same one (`same_within_seconds`) ends all the same."""
        return report.state is ChannelState.NOT_ASSESSED and not self.site.policy(report.channel).same_within_seconds
