"""The reasoner: one look after another in, settled records out, a whole timeline at the end.

Causal: what is said at a moment rests on looks up to that moment. A record comes out once it is settled, which is after it has
ended for stretches and acts; risk states come out when they are over. Looks may come at any rate and with gaps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from medgrpo.core import InputError, Span
from medgrpo.knowledge import Procedure
from medgrpo.perception import Observation
from medgrpo.reasoning.actions import ActionTracker
from medgrpo.reasoning.chain import RefusedThought, Thought
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.coverage import NO_LOOK, CoverageCounter
from medgrpo.reasoning.events import TripletEvents, triplet_events
from medgrpo.reasoning.evidence import evidence_of
from medgrpo.reasoning.forecast import Forecaster
from medgrpo.reasoning.forgetting import remembered
from medgrpo.reasoning.graph import scene_graph
from medgrpo.reasoning.instruments import InstrumentTracker, Visit
from medgrpo.reasoning.order import OrderWatcher
from medgrpo.reasoning.phases import PhaseTracker
from medgrpo.reasoning.picture import PictureEvents, shown_now
from medgrpo.reasoning.records import (
    ActionSegment,
    Event,
    EventKind,
    Finding,
    Forecast,
    PhaseSegment,
    Record,
    RiskState,
    StepSegment,
    SubGoalState,
    Timeline,
    UnusualOrder,
)
from medgrpo.reasoning.revision import revise
from medgrpo.reasoning.risks import RiskTracker
from medgrpo.reasoning.situation import Situation, Trigger
from medgrpo.reasoning.state import CLIPPING, OperationState
from medgrpo.reasoning.statements import StatementWriter
from medgrpo.reasoning.steps import StepTracker
from medgrpo.reasoning.stretches import Stretch, StretchTracker, reason_not_assessed
from medgrpo.reasoning.subgoals import Seen, sub_goal_states
from medgrpo.reasoning.thinking import Thinker

_Kept = TypeVar("_Kept", PhaseSegment, StepSegment, UnusualOrder, ActionSegment, Event, Finding, RiskState)

_ALERTS_TOLD_BY_EVENTS = ("view",)  # their event already has a sentence
_EVENTS_TOLD_BY_ALERTS = (EventKind.BLEEDING_SEEN,)
_FORGETS_EVERY_SECONDS = 60.0
_REASONS_TOLD = 5  # not-assessed reasons that get a sentence, the longest first


class Reasoner:
    """Feed `step` every look of one video in order of time, then call `finish` once.

    `keeps_seconds`: settled records older than that are forgotten but for what rules, sub-goals and chains of thought ask for
    (`forgetting`): memory is bounded, and the timeline holds what is left. None: everything is kept.
    """

    def __init__(self, procedure: Procedure, config: ReasonerConfig | None = None, *, keeps_seconds: float | None = None) -> None:
        self.config = config or ReasonerConfig()
        self._keeps, self._forgot_seconds = keeps_seconds, 0.0
        look = self.config.look
        self._holds = look.holds_seconds
        self._state = OperationState(procedure, self.config)
        self._stretches = StretchTracker(look.unassessed_settle_seconds)
        self._coverage = CoverageCounter(self._holds)
        self._phases = PhaseTracker(procedure, self.config)
        self._actions = ActionTracker(self.config)
        self._instruments = InstrumentTracker(self.config)
        self._visits: list[Visit] = []
        self._acts: tuple[TripletEvents, ...] = triplet_events(self.config)
        self._picture = PictureEvents(self.config)
        self._steps = StepTracker(self.config)
        self._order = OrderWatcher(procedure, self.config.order)
        self._forecaster = Forecaster(procedure, self.config)
        self._risks = RiskTracker(self._state)
        self._writer = StatementWriter(procedure)
        self._thinker = Thinker(procedure, self.config.think.apart_seconds)
        self._thought_of: set[tuple[str, float]] = set()
        self._waiting: list[tuple[Observation, float]] = []
        self._waiting_for: Stretch | None = None
        self._told: set[tuple[str, float]] = set()
        self._critical_view_told = False
        self._records: list[Record] = []
        self._finished = False
        self._phase_findings: set[str] = set()

    def step(self, observation: Observation, *, away: str | None = None, outrun: str | None = None) -> tuple[Record, ...]:
        """The records that this look settles. `away`: why none was made for so long before it, where that is known. `outrun`: why
        it came too late to say anything about its moment; it is reasoned about all the same, and its time counts as not assessed.

        InputError when looks are out of order or the timeline is already finished.
        """
        if self._finished:
            raise InputError("the timeline is finished: make a new Reasoner for the next video")
        last = self._state.latest
        if last is not None and observation.seconds <= last.seconds:
            raise InputError(f"looks must come in order of time: {observation.seconds} s came after {last.seconds} s")
        made = len(self._records)
        reason = reason_not_assessed(observation)
        self._coverage.look(observation, reason or outrun, away or NO_LOOK)
        gap_from = 0.0 if last is None else last.seconds + self._holds
        self._state.now, self._state.latest = observation.seconds, observation
        if observation.seconds - (0.0 if last is None else last.seconds) > self._holds:
            self._order.unseen(observation.seconds - gap_from)
            self._stretch(self._stretches.update(gap_from, away or NO_LOOK), observation)
        self._stretch(self._stretches.update(observation.seconds, reason), observation)
        since = self.config.look.first_look_seconds if last is None else observation.seconds - last.seconds
        elapsed = min(since, self._holds)
        self._keep_events(self._picture.look(observation, elapsed, assessed=reason is None))
        self._take(observation, elapsed, reason)
        settled = tuple(self._records[made:])
        if self._keeps is not None and observation.seconds - self._forgot_seconds >= min(_FORGETS_EVERY_SECONDS, self._keeps):
            self._forget(observation.seconds - self._keeps)
        return settled

    def finish(self, duration_seconds: float | None = None) -> Timeline:
        """Close everything. `duration_seconds` of the video, where known; else the time of the last look."""
        last = self._state.latest
        end = duration_seconds if duration_seconds is not None else (last.seconds if last is not None else 0.0)
        if last is not None and end < last.seconds:
            raise InputError(f"a video of {end} s has no look at {last.seconds} s")
        if self._finished:
            raise InputError("the timeline is already finished")
        self._finished = True
        if last is not None:
            self._close(last, end)
        coverage = self._coverage.finish(end, last)
        for reason in sorted(coverage.not_assessed_seconds, key=lambda one: -coverage.not_assessed_seconds[one])[:_REASONS_TOLD]:
            if reason in self._coverage.example and round(coverage.not_assessed_seconds[reason]) > 0:
                proof = evidence_of(self._coverage.example[reason], 0.0)
                self._records.append(self._writer.not_assessed(coverage.not_assessed_seconds[reason], end, reason, proof))
        self._records += self._risks.finish(end)
        return Timeline(
            duration_seconds=end,
            phases=self._sorted(PhaseSegment),
            actions=self._sorted(ActionSegment),
            events=self._sorted(Event),
            findings=self._sorted(Finding),
            forecasts=tuple(record for record in self._records if isinstance(record, Forecast)),
            risks=self._sorted(RiskState),
            coverage=coverage,
            domain=self._coverage.domain.value,
            models=tuple(self._coverage.models),
            steps=self._sorted(StepSegment),
            sub_goals=self.sub_goals(end),
            unusual_orders=self._sorted(UnusualOrder),
            thoughts=tuple(record for record in self._records if isinstance(record, Thought)),
            refused_thoughts=tuple(record for record in self._records if isinstance(record, RefusedThought)),
        )

    def revised(self, timeline: Timeline) -> Timeline:
        """What `finish` gave, as the whole video shows it: phases smoothed, and what is said of them; see `revision`."""
        return revise(timeline, self._phases.log, self._state.procedure, self.config, self._phase_findings, self._phase_anew)

    def sub_goals(self, until: float | None = None) -> tuple[SubGoalState, ...]:
        """Every sub-goal from the beginning until now, what is under way included: what has been achieved and what is missing."""
        phases = [*self._sorted(PhaseSegment), *self._phases.under_way()]
        steps = [*self._sorted(StepSegment), *self._steps.under_way()]
        end = self._state.now if until is None else until
        seen = Seen(phases, steps, self._sorted(ActionSegment), end, self._sorted(Event), self._actions.under_way())
        return sub_goal_states(self._state.procedure, seen, self.config.sub_goal)

    def forecast_now(self) -> Forecast | None:
        """What is expected at this moment, whether it is new or not; None while no phase is settled or nothing can be assessed."""
        look, phase = self._state.latest, self._phases.phase
        if look is None or phase is None:
            return None
        return self._forecaster.now(look, phase, self._state, self._steps.last, self._phases.operation)

    @property
    def phase(self) -> str | None:
        """The settled phase now; None before the first and while nothing can be assessed."""
        return self._phases.phase

    @property
    def channels(self) -> tuple[RiskState, ...]:
        """Every risk channel as it stands now."""
        return tuple(self._risks.channels)

    @property
    def kept(self) -> int:
        """How many records and notes of the past are held: bounded where `keeps_seconds` is given."""
        held = (self._records, self._visits, self._told, self._thought_of, self._phase_findings)
        return sum(map(len, held)) + self._state.kept

    def _forget(self, since: float) -> None:
        self._forgot_seconds = self._state.now
        self._records = remembered(self._records, since, self.config.sub_goal)
        self._visits = [one for one in self._visits if one.span.end_seconds >= since]
        standing = {(alert.channel, alert.span.start_seconds) for alert in self._risks.alerts}  # the others never come again
        self._told &= standing
        self._thought_of &= standing
        self._phase_findings &= {record.id for record in self._records if isinstance(record, Finding)}
        self._state.forget(since)

    def _close(self, last: Observation, end: float) -> None:
        if end - last.seconds > self._holds:
            self._stretch(self._stretches.update(last.seconds + self._holds, NO_LOOK), last)
        self._state.now = end
        self._stretch(self._stretches.settle(end), last)
        self._keep_actions(self._actions.finish())
        self._records += self._steps.end(end)
        self._keep_visits(self._instruments.finish())
        for act in self._acts:
            self._keep_events(act.finish())
        self._keep_events(self._picture.finish())
        if self._state.unassessed is None:
            self._judge()
        self._keep_phases(self._phases.finish(end, last))

    def _stretch(self, settled: Stretch | None, nearest: Observation) -> None:
        """Sight is lost or back, settled: what waited for it is taken now."""
        if settled is None:
            return
        state = self._state
        waited, self._waiting, self._waiting_for = self._waiting, [], None
        if settled.reason is None:
            regained = state.unassessed is not None
            state.unassessed = None
            if regained:
                self._keep_phases(self._phases.back(settled.start_seconds, nearest))
            for look, elapsed in waited:
                self._sight(look, elapsed)
            if regained:
                self._records += self._risks.regained(settled.start_seconds)
                self._tell_alerts()
            return
        self._records += self._steps.end(settled.start_seconds)
        self._keep_phases(self._phases.lost(settled.start_seconds, settled.reason, nearest))
        state.unassessed, state.domain = settled.reason, nearest.domain
        for look, _ in waited:
            self._phases.blind_look(look)
        self._records += self._risks.lost(settled.start_seconds, settled.reason)
        self._tell_alerts()

    def _take(self, look: Observation, elapsed: float, reason: str | None) -> None:
        state, pending = self._state, self._stretches.pending
        state.view_lost, state.view_gone, state.bleeding = self._picture.lost, self._picture.gone, self._picture.bleeding
        if reason is not None:
            state.unassessed_seconds += elapsed
            self._order.unseen(elapsed)
            self._keep_visits(self._instruments.idle(look.seconds))
            self._keep_actions(self._actions.idle(look.seconds))
            for act in self._acts:
                self._keep_events(act.idle(look.seconds))
        if pending is not None:
            if pending is not self._waiting_for:
                self._waiting, self._waiting_for = [], pending
            self._waiting.append((look, elapsed))
            self._records += self._risks.judge(with_sight=False)
            self._tell_alerts()
            return
        self._waiting, self._waiting_for = [], None
        if reason is None:
            self._sight(look, elapsed)
        else:
            self._phases.blind_look(look)
        self._judge(with_sight=reason is None)

    def _sight(self, look: Observation, elapsed: float) -> None:
        state = self._state
        self._keep_visits(self._instruments.look(look, elapsed))
        self._keep_actions(self._actions.look(look, elapsed))
        state.active = self._actions.active
        state.domain = look.domain
        self._keep_phases(self._phases.look(look, self._actions.smoothed, elapsed))
        phase = self._phases.phase
        begins = phase is not None and phase != state.phase
        if phase is not None and begins:
            self._phase_begins(phase, look)
        elif phase is not None:
            state.phase_since = self._phases.start_seconds
        state.learn_look(look, elapsed)
        for act in self._acts:
            self._keep_events(act.look(look, elapsed))
        beliefs = self._phases.operation.steps(phase) if phase is not None else {}
        self._records += self._steps.look(look, phase, self._phases.start_seconds, beliefs)
        if phase is not None and self._phases.sure:
            unusual = self._order.look(look.seconds, phase, self._phases.start_seconds, lambda: self._phases.evidence(look))
            self._records += [unusual] if unusual is not None else []
            if unusual is not None:
                self._think(Trigger.ORDER, order=unusual)
        self._records += self._forecaster.look(look, state, self._phases.belief, self._steps.last, self._phases.operation)
        if begins:
            self._think(Trigger.PHASE_BEGINS)

    def _phase_begins(self, phase: str, look: Observation) -> None:
        since, confidence = self._phases.start_seconds, float(self._phases.belief.max())
        first = self._state.first_phase is None
        self._state.learn_phase(phase, since, confidence)
        span, evidence = Span(since, max(since, look.seconds)), self._phases.evidence(look)
        self._tell_phase(self._writer.phase_begins(phase, span, evidence, first))
        if phase == CLIPPING:
            self._tell_critical_view(Span(since, max(since, look.seconds)), look)

    def _tell_critical_view(self, span: Span, look: Observation) -> None:
        if not self._critical_view_told:
            self._critical_view_told = True
            self._records.append(self._writer.critical_view(span, evidence_of(look, self._state.phase_confidence)))

    def _judge(self, with_sight: bool = True) -> None:
        self._records += self._risks.judge(with_sight)
        self._tell_alerts()

    def _tell_alerts(self) -> None:
        for alert in self._risks.alerts:
            key = (alert.channel, alert.span.start_seconds)
            if alert.channel not in _ALERTS_TOLD_BY_EVENTS and key not in self._told:
                self._told.add(key)
                self._records.append(self._writer.alert(alert))
            if key not in self._thought_of:
                self._thought_of.add(key)
                self._think(Trigger.ALERT, alert=alert)

    def _keep_phases(self, segments: Iterable[PhaseSegment]) -> None:
        for segment in segments:
            self._records.append(segment)
            if segment.phase is None:
                continue
            self._state.learn_segment(segment)
            if segment.span.duration_seconds >= self.config.look.shortest_phase_told_seconds:
                actions = [*self._overlapping(segment.span), *self._actions.under_way()]
                visits = [*self._visits, *self._instruments.under_way()]
                self._tell_phase(self._writer.phase_seen(segment, actions, visits, self._sorted(Event)))

    def _tell_phase(self, finding: Finding) -> None:
        self._phase_findings.add(finding.id)
        self._records.append(finding)

    def _phase_anew(self, segment: PhaseSegment, first: bool) -> list[Finding]:
        """The sentences about a phase whose place has been revised; `first` of those recognised."""
        assert segment.phase is not None
        start, told = segment.span.start_seconds, self.config.look.shortest_phase_told_seconds
        found = [self._writer.phase_begins(segment.phase, Span(start, start), segment.evidence, first)]
        if segment.span.duration_seconds >= told:
            found.append(self._writer.phase_seen(segment, self._overlapping(segment.span), self._visits, self._sorted(Event)))
        return found

    def _overlapping(self, span: Span) -> list[ActionSegment]:
        return [one for one in self._records if isinstance(one, ActionSegment) and one.span.end_seconds > span.start_seconds]

    def _keep_visits(self, visits: Iterable[Visit]) -> None:
        for visit in visits:
            self._visits.append(visit)
            if visit.span.duration_seconds >= self.config.instrument.told_seconds:
                actions = [*self._overlapping(visit.span), *self._actions.under_way()]
                self._records.append(self._writer.instrument_seen(visit, actions))

    def _keep_actions(self, segments: Iterable[ActionSegment]) -> None:
        for segment in segments:
            self._records.append(segment)
            self._state.learn_action(segment)

    def _keep_events(self, events: Iterable[Event]) -> None:
        for event in events:
            self._records.append(event)
            self._state.learn_event(event)
            if event.kind not in _EVENTS_TOLD_BY_ALERTS:
                self._records.append(self._writer.event(event))
            if event.kind is EventKind.CLIP_APPLIED and self._state.latest is not None:
                self._tell_critical_view(event.span, self._state.latest)
            self._think(Trigger.EVENT, event=event)

    def _think(
        self, trigger: Trigger, event: Event | None = None, alert: RiskState | None = None, order: UnusualOrder | None = None
    ) -> None:
        """A moment that matters: what is known now, thought about."""
        now, look = self._state.now, self._state.latest
        phases = [*self._sorted(PhaseSegment), *(self._phases.until(now, look) if look is not None else ())]
        actions = [*self._sorted(ActionSegment), *self._actions.under_way()]
        goals = self.sub_goals(now)
        situation = Situation(
            trigger=trigger,
            now=now,
            procedure=self._state.procedure,
            phase=self._phases.phase,
            graph=scene_graph(phases, actions, [*self._sorted(Event), *shown_now(self._state)], goals),
            sub_goals=goals,
            event=event,
            alert=alert,
            order=order,
            forecast=next((one for one in reversed(self._records) if isinstance(one, Forecast)), None),
            unseen=self._state.unseen_past(),
        )
        self._records += self._thinker.think(situation)

    def _sorted(self, kind: type[_Kept]) -> tuple[_Kept, ...]:
        found = (record for record in self._records if isinstance(record, kind))
        return tuple(sorted(found, key=lambda record: (record.span.start_seconds, record.span.end_seconds)))
