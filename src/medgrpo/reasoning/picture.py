"""Events that the picture itself shows, by image measures alone: view lost, camera outside, more visible blood than before."""

from __future__ import annotations

from medgrpo.core import Span
from medgrpo.perception import Observation, ViewState
from medgrpo.reasoning.acts import Act
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.events import BloodMeasure, MeasureEvents
from medgrpo.reasoning.records import Event, EventKind
from medgrpo.reasoning.state import OperationState


class PictureEvents:
    """Feed every look, assessed or not."""

    def __init__(self, config: ReasonerConfig) -> None:
        event, look = config.event, config.look
        gap = event.view_gap_seconds
        self._black = MeasureEvents(EventKind.VIEW_LOST, 0.5, 0.5, event.view_lost_seconds, gap, look)
        self._unclear = MeasureEvents(EventKind.VIEW_LOST, 0.5, 0.5, event.view_lost_seconds, gap, look)
        self._outside = MeasureEvents(EventKind.OUT_OF_BODY, 0.5, 0.5, event.out_of_body_seconds, gap, look)
        self._blood = MeasureEvents(
            EventKind.BLEEDING_SEEN, event.blood_on, event.blood_off, event.blood_minimum_seconds, event.blood_gap_seconds, look
        )
        self._measure = BloodMeasure(config)
        self._full_rise = 2 * event.blood_on  # a rise of twice the threshold counts as certain

    def look(self, look: Observation, elapsed_seconds: float, assessed: bool) -> list[Event]:
        state = look.view.state
        closed: list[Event] = []
        for events, states in (
            (self._black, (ViewState.BLACK,)),
            (self._unclear, (ViewState.BLURRED, ViewState.OBSCURED)),
            (self._outside, (ViewState.OUTSIDE,)),
        ):
            shown = 1.0 if state in states else 0.0
            closed += events.look(look, shown, shown)
        if assessed and state is ViewState.INSIDE:
            rise = self._measure.rise(look.view.blood_fraction, elapsed_seconds, self.bleeding is not None)
            closed += self._blood.look(look, rise, min(1.0, rise / self._full_rise))
        else:
            closed += self._blood.idle(look.seconds)
        return closed

    def finish(self) -> list[Event]:
        return [event for events in (self._black, self._unclear, self._outside, self._blood) for event in events.finish()]

    @property
    def gone(self) -> Act | None:
        """Black or outside, for long enough to be relied on."""
        return _active(self._black) or _active(self._outside)

    @property
    def lost(self) -> Act | None:
        """Blurred or obscured, for long enough to be relied on."""
        return _active(self._unclear)

    @property
    def bleeding(self) -> Act | None:
        return _active(self._blood)


def _active(events: MeasureEvents) -> Act | None:
    return events.detector.act if events.detector.active else None


def shown_now(state: OperationState) -> list[Event]:
    """What the picture shows now and is not over."""
    outside = state.latest is not None and state.latest.view.state is ViewState.OUTSIDE
    gone = EventKind.OUT_OF_BODY if outside else EventKind.VIEW_LOST
    acts = ((EventKind.BLEEDING_SEEN, state.bleeding), (EventKind.VIEW_LOST, state.view_lost), (gone, state.view_gone))
    return [Event(kind, Span(act.start_seconds, state.now), None, act.evidence.build()) for kind, act in acts if act is not None]
