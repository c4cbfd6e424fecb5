"""What is known now. The reasoner writes it; rules, forecast and statements read it."""

from __future__ import annotations

from dataclasses import dataclass, field

from medgrpo.core import Span, clock
from medgrpo.knowledge import PHASES, Procedure, label
from medgrpo.perception import Domain, Observation
from medgrpo.reasoning.acts import Act
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.forgetting import first_and_last
from medgrpo.reasoning.records import ActionSegment, Event, EventKind, PhaseSegment

CALOT = "carlot-triangle-dissection"
CLIPPING = "clipping-and-cutting"
DUCT_OR_ARTERY = ("cystic_duct", "cystic_artery", "cystic_pedicle")
ENERGY_INSTRUMENTS = ("hook", "bipolar")
ENERGY_VERBS = ("dissect", "coagulate", "cut")
_SHORTEST_GAP_SECONDS = 0.01  # less is rounding of times
_SIGHT_GAP_SECONDS = 1.0  # an instrument missed for so long is still the same sight of it
_CALOT_TARGETS = (*DUCT_OR_ARTERY, "cystic_plate", "gallbladder", "peritoneum", "omentum", "blood_vessel")


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event, when it became known, and what had been seen by then."""

    event: Event
    known_seconds: float
    dissection_seconds: float
    minimum_dissection_seconds: float
    clipper_seconds: float  # longest sight of the clipper before the event
    unseen: str | None
    unseen_recent_seconds: float


@dataclass(frozen=True, slots=True)
class Return:
    """The operation went back to an earlier phase."""

    known_seconds: float
    before: str
    after: str


@dataclass(slots=True)
class OperationState:
    """All seconds on the video's clock or as durations of what was assessed."""

    procedure: Procedure
    config: ReasonerConfig
    now: float = 0.0
    latest: Observation | None = None
    domain: Domain = Domain.UNKNOWN
    unassessed: str | None = None
    phase: str | None = None
    phase_since: float = 0.0
    phase_confidence: float = 0.0
    calot_since: float | None = None  # start of the dissection of the triangle, as long as no later phase has lasted since
    first_phase: str | None = None
    furthest: int = -1  # place of the furthest phase that lasted
    returned: Return | None = None
    events: list[KnownEvent] = field(default_factory=list[KnownEvent])
    active: dict[str, Act] = field(default_factory=dict[str, Act])
    coagulations: list[ActionSegment] = field(default_factory=list[ActionSegment])
    bleeding: Act | None = None
    view_lost: Act | None = None
    view_gone: Act | None = None  # black or outside: nothing at all can be seen
    dissections: list[Span] = field(default_factory=list[Span])  # Calot's phase, and its actions elsewhere; disjoint, in order
    forgotten_dissection_seconds: float = 0.0  # of dissections that are no longer kept one by one
    paced: set[str] = field(default_factory=set[str])
    spent_seconds: float = 0.0
    typical_seconds: float = 0.0
    clipper_sights: list[Span] = field(default_factory=list[Span])
    unassessed_seconds: float = 0.0
    sight_last_seconds: float = 0.0
    gaps: list[Span] = field(default_factory=list[Span])  # between looks that could be assessed; the recent ones
    energy_seconds: float = 0.0
    energy_last_seconds: float | None = None
    tip_last_seconds: dict[str, float] = field(default_factory=dict[str, float])

    def of_kind(self, kind: EventKind) -> list[KnownEvent]:
        return [known for known in self.events if known.event.kind is kind]

    def unseen_past(self) -> str | None:
        """Why the order of acts cannot be judged from what was seen so far; None when it can."""
        risk = self.config.risk
        if self.first_phase is not None and PHASES.index(self.first_phase) >= PHASES.index(CLIPPING):
            return f"the video begins with {label(self.first_phase)}: what happened before is not seen"
        if self.unassessed_seconds >= risk.unassessed_seconds and self.unassessed_seconds > risk.unassessed_share * self.now:
            return "too much of the video so far could not be assessed"
        return None

    def unseen_before(self, seconds: float) -> float:
        """How much of the time just before that moment could not be assessed."""
        since = seconds - self.config.risk.recent_seconds
        return sum(max(0.0, min(gap.end_seconds, seconds) - max(gap.start_seconds, since)) for gap in self.gaps)

    def learn_event(self, event: Event) -> None:
        dissected = self.dissection_before(event.span.start_seconds)
        minimum, recent = self.minimum_dissection_seconds, self.unseen_before(event.span.start_seconds)
        clipper = self.clipper_before(event.span.start_seconds)
        self.events.append(KnownEvent(event, self.now, dissected, minimum, clipper, self.unseen_past(), recent))

    @property
    def kept(self) -> int:
        """How many notes of the past are held."""
        return len(self.events) + len(self.dissections) + len(self.clipper_sights)

    def forget(self, since: float) -> None:
        """Drop what ended before that moment, so that the rules judge as they would have: sums and longest stretches stay.

        Of old events the first and the last of a kind stay, those that were early for R1 apart.
        """

        def early(known: KnownEvent) -> bool:
            return known.dissection_seconds < known.minimum_dissection_seconds

        self.events = first_and_last(
            self.events,
            lambda known: known.known_seconds >= since,
            lambda known: (known.event.kind, known.event.target, early(known)),
        )
        if self.phase == CALOT:
            since = min(since, self.phase_since)  # this stretch will be counted once more as a whole when it ends
        old = [one for one in self.dissections if one.end_seconds < since]
        self.forgotten_dissection_seconds += sum(one.duration_seconds for one in old)
        self.dissections = self.dissections[len(old) :]
        sights = [one for one in self.clipper_sights if one.end_seconds < since]
        longest = [max(sights, key=lambda one: one.duration_seconds)] if sights else []
        self.clipper_sights = [*longest, *self.clipper_sights[len(sights) :]]

    @property
    def pace(self) -> float:
        """Lengths of the ended phases over their typical lengths, held near 1 until enough has been seen."""
        prior = self.config.risk.pace_prior_seconds
        return (self.spent_seconds + prior) / (self.typical_seconds + prior)

    @property
    def minimum_dissection_seconds(self) -> float:
        """R1's minimum: a share of the low end of the typical Calot dissection at this operation's pace, as far as known."""
        risk = self.config.risk
        if self.spent_seconds < risk.pace_basis_seconds:
            return risk.minimum_dissection_seconds
        low = self.procedure.phase(CALOT).typical_seconds[0]
        return max(risk.minimum_dissection_seconds, risk.low_end_share * low * min(1.0, self.pace))

    def dissection_before(self, seconds: float) -> float:
        """How long dissection of the hepatocystic triangle was seen before that moment."""
        spans = [(span.start_seconds, span.end_seconds) for span in self.dissections]
        if self.phase == CALOT:
            spans.append((self.phase_since, self.now))
        spans += [(act.start_seconds, act.last_seconds) for name, act in self.active.items() if _is_dissection(name)]
        total, covered = self.forgotten_dissection_seconds, 0.0
        for start, end in sorted(spans):
            start, end = max(start, covered), min(end, seconds)
            if end > start:
                total += end - start
                covered = end
        return total

    def learn_segment(self, segment: PhaseSegment) -> None:
        """A stretch of a phase has ended."""
        if segment.phase is None or segment.span.end_seconds <= segment.span.start_seconds:
            return
        if segment.span.duration_seconds >= self.config.risk.reliable_phase_seconds:
            self.first_phase = segment.phase if self.furthest < 0 else self.first_phase
            self.furthest = max(self.furthest, PHASES.index(segment.phase))
            if PHASES.index(segment.phase) > PHASES.index(CALOT):
                self.calot_since = None
        if segment.phase != CALOT:  # what R1 judges may not set its own measure
            self.spent_seconds += segment.span.duration_seconds
            if segment.phase not in self.paced:
                self.paced.add(segment.phase)
                self.typical_seconds += self.procedure.phase(segment.phase).typical_seconds[1]
        else:
            self._cover(segment.span)

    def learn_phase(self, phase: str, since: float, confidence: float) -> None:
        """A phase has become settled; it counts from `since` on."""
        before = self.phase
        place = PHASES.index(phase)
        if self.returned is not None and self.now - self.returned.known_seconds < self.config.risk.return_seconds:
            self.returned = None  # it did not last
        if self.furthest < 0:  # no phase has lasted long enough yet to be relied on
            self.first_phase = phase
        if before is not None and place < self.furthest and not self._usual(before, phase):
            self.returned = Return(self.now, before, phase)
        if phase == CALOT and self.calot_since is None:
            self.calot_since = since
        self.phase, self.phase_since, self.phase_confidence = phase, since, confidence

    def learn_look(self, look: Observation, elapsed_seconds: float) -> None:
        """Sum up what this assessed look adds; `active` is already that of this look."""
        assert look.seen is not None
        risk = self.config.risk
        if look.seconds - elapsed_seconds > self.sight_last_seconds + _SHORTEST_GAP_SECONDS:
            since = look.seconds - 2 * risk.recent_seconds  # twice: an act becomes known some time after it began
            self.gaps = [gap for gap in self.gaps if gap.end_seconds >= since]
            self.gaps.append(Span(self.sight_last_seconds, look.seconds - elapsed_seconds))
        self.sight_last_seconds = look.seconds
        for tip in look.seen.tips:
            if tip.probability >= risk.tip_found:
                self.tip_last_seconds[tip.instrument] = look.seconds
        if look.seen.instruments[4] >= risk.instrument_seen:
            self._see_clipper(look.seconds - elapsed_seconds, look.seconds)
        parts = [name.split(",") for name in self.active]
        if any(instrument in ENERGY_INSTRUMENTS and verb in ENERGY_VERBS for instrument, verb, _ in parts):
            self.energy_seconds += elapsed_seconds
            self.energy_last_seconds = look.seconds

    def clipper_before(self, seconds: float) -> float:
        """How long the clipper was in sight at a stretch, at most, before that moment."""
        return max((min(one.end_seconds, seconds) - one.start_seconds for one in self.clipper_sights), default=0.0)

    def _see_clipper(self, start: float, end: float) -> None:
        start = max(0.0, start)
        if self.clipper_sights and start - self.clipper_sights[-1].end_seconds <= _SIGHT_GAP_SECONDS:
            start = self.clipper_sights.pop().start_seconds
        elif self.clipper_sights and self.clipper_sights[-1].duration_seconds < self.config.risk.clipper_seen_seconds:
            self.clipper_sights.pop()  # a flash: never long enough to matter
        self.clipper_sights.append(Span(start, end))

    def learn_action(self, action: ActionSegment) -> None:
        if _is_dissection(action.triplet) and self.furthest < PHASES.index(CLIPPING):
            self._cover(action.span)
        instrument, verb, target = action.triplet.split(",")
        if instrument in ENERGY_INSTRUMENTS and verb == "coagulate" and target == "blood_vessel":
            since = action.span.end_seconds - self.config.risk.coagulation_window_seconds
            self.coagulations = [*(one for one in self.coagulations if one.span.end_seconds >= since), action]

    def _cover(self, span: Span) -> None:
        start, end = span.start_seconds, span.end_seconds
        apart = [one for one in self.dissections if one.end_seconds < start or one.start_seconds > end]
        touched = [one for one in self.dissections if one not in apart]
        start, end = min([start, *(one.start_seconds for one in touched)]), max([end, *(one.end_seconds for one in touched)])
        self.dissections = sorted([*apart, Span(start, end)])

    def _usual(self, before: str, after: str) -> bool:
        successors = self.procedure.phase(before).followed_by
        return any(one.phase == after and one.share >= self.config.risk.usual_return_share for one in successors)


def _is_dissection(triplet: str) -> bool:
    _, verb, target = triplet.split(",")
    return verb == "dissect" and target in _CALOT_TARGETS


def moment(seconds: float) -> str:
    """How texts name a moment of the video."""
    return clock(max(0.0, seconds))
