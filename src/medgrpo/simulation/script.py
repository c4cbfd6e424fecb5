"""What happens in a simulated operation, before a single pixel is drawn: frozen, in seconds from the start of the video."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from medgrpo.core import Span
from medgrpo.knowledge import Triplet


class Deviation(StrEnum):
    """A departure from good practice, or a mishap, that the script plays on purpose."""

    NONE = "none"
    DIVISION_BEFORE_CLIPPING = "division_before_clipping"
    CLIPPING_BEFORE_CRITICAL_VIEW = "clipping_before_critical_view"
    BLEEDING = "bleeding"
    LOST_VIEW = "lost_view"


class EventKind(StrEnum):
    """The first six have the values of the reasoning room's events, so that truth and analysis can be compared."""

    CLIP_APPLIED = "clip applied"
    STRUCTURE_DIVIDED = "structure divided"
    BLEEDING_SEEN = "bleeding seen"
    BAG_USED = "specimen bag used"
    VIEW_LOST = "view lost"
    OUT_OF_BODY = "camera outside the body"
    LENS_FOULED = "lens fouled"
    LENS_CLEANED = "lens cleaned"


class ViewKind(StrEnum):
    """What the camera shows; the values are those of perception's view states."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    BLACK = "black"
    BLURRED = "blurred"
    OBSCURED = "obscured"


class Hand(StrEnum):
    """LEFT holds and retracts; RIGHT works."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Action:
    """One triplet done by one hand. `spread_xy` (-1..1 each) is the place within the target."""

    span: Span
    triplet: Triplet
    spread_xy: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Visit:
    """An instrument from entering to leaving; between its actions it idles (the null triplet).

    `port_xy` is the unit vector from the middle of the site towards the instrument's trocar.
    """

    span: Span
    hand: Hand
    instrument: str
    port_xy: tuple[float, float]
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens; `target` is a CholecT50 target where there is one, `level` 0..1 its strength."""

    kind: EventKind
    span: Span
    target: str | None = None
    level: float = 1.0


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """One stretch of a phase (CholecT50 key)."""

    span: Span
    phase: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A stretch in which the camera does not show the site: outside (in the theatre or in the trocar's tube), black or blurred."""

    span: Span
    view: ViewKind
    in_trocar: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """The whole operation. Phases are gapless and in order; everything else is sorted by start."""

    duration_seconds: float
    phases: tuple[PhaseSpan, ...]
    visits: tuple[Visit, ...]
    events: tuple[Event, ...]
    lost: tuple[Lost, ...]
    deviations: tuple[Deviation, ...]

    def phase_at(self, seconds: float) -> PhaseSpan:
        """The phase at that moment; the last one from its start on."""
        return next((p for p in self.phases if seconds < p.span.end_seconds), self.phases[-1])

    def of(self, kind: EventKind) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.kind is kind)
