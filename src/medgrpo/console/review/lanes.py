"""The timeline of a finished case as bars and marks whose places are shares of its length; a template draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from medgrpo.cases import Correction, Verdict, standing
from medgrpo.core import clock
from medgrpo.knowledge import label, load_procedure
from medgrpo.reasoning import Event, EventKind, Finding, RiskLevel, Timeline

_LETTERS = {
    EventKind.CLIP_APPLIED: "C",
    EventKind.STRUCTURE_DIVIDED: "D",
    EventKind.BLEEDING_SEEN: "B",
    EventKind.BAG_USED: "S",
    EventKind.VIEW_LOST: "V",
    EventKind.OUT_OF_BODY: "O",
}
_ROOM = 0.022
"""Of the length: marks nearer than that go one row down."""
_ROWS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """`left` and `width` in percent. `seconds` is what to show when it is chosen, `style` a class of the sheet."""

    left: float
    width: float
    seconds: float
    title: str
    label: str
    style: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """`key` of its name in the texts (`review.lane_*`). `rows`: how many its marks take."""

    key: str
    bars: tuple[Bar, ...]
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Tick:
    left: float
    words: str


def lanes_of(timeline: Timeline, procedure_id: str, corrections: Sequence[Correction]) -> tuple[Lane, ...]:
    """Phases, alerts, events, findings; a lane without anything is left out."""
    length = max(timeline.duration_seconds, 0.001)

    def share(seconds: float) -> float:
        return round(100 * min(max(seconds / length, 0.0), 1.0), 3)

    procedure = load_procedure(procedure_id)
    names = {phase.id: phase.name for phase in procedure.phases}
    hazards = {hazard.id: hazard.name for hazard in procedure.hazards}
    order = list(names)

    def bar(start: float, end: float, seconds: float, title: str, written: str, style: str) -> Bar:
        when = f"{clock(start)}–{clock(end)}"
        return Bar(share(start), round(share(end) - share(start), 3), seconds, f"{title}, {when}", written, style)

    phases = [
        bar(
            one.span.start_seconds,
            one.span.end_seconds,
            one.evidence.key_seconds,
            one.reason or "" if one.phase is None else names.get(one.phase, label(one.phase)),
            "" if one.phase is None else names.get(one.phase, label(one.phase)),
            "unknown" if one.phase is None else f"phase{order.index(one.phase) % 7 if one.phase in order else 0}",
        )
        for one in timeline.phases
    ]
    alerts = [
        bar(
            one.span.start_seconds,
            one.span.end_seconds,
            one.evidence.key_seconds if one.evidence is not None else one.span.start_seconds,
            f"{hazards.get(one.channel, label(one.channel.replace('-', ' ')))}: {one.why}",
            "!",
            "alert",
        )
        for one in timeline.risks
        if one.level is RiskLevel.ALERT
    ]
    events = [
        _mark(share, one, one.kind.value + (f": {label(one.target)}" if one.target else ""), _LETTERS[one.kind])
        for one in timeline.events
    ]
    last = standing(corrections)
    findings = [_mark(share, one, one.text, "", _style(last.get(one.id))) for one in timeline.findings]
    lanes = (
        Lane("phases", tuple(phases)),
        _stacked("alerts", alerts),
        _rowed("events", events),
        _rowed("findings", findings),
    )
    return tuple(lane for lane in lanes if lane.bars)


def ticks_of(duration_seconds: float) -> tuple[Tick, ...]:
    """Some eight times along the top."""
    steps = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
    step = next((one for one in steps if duration_seconds / one <= 8), 14400)
    if not duration_seconds > 0:
        return ()
    count = int(duration_seconds // step) + 1
    return tuple(Tick(round(100 * n * step / duration_seconds, 3), clock(n * step)) for n in range(count))


def _mark(share: Callable[[float], float], of: Event | Finding, title: str, letter: str, style: str = "mark") -> Bar:
    """An event where it begins. A finding where its picture lies (many begin with their phase and would hide one another); its
    title tells when it begins."""
    begin, shown = clock(of.span.start_seconds), of.evidence.key_seconds
    place = of.span.start_seconds if isinstance(of, Event) else shown
    told = begin if begin == clock(shown) else f"{begin} (picture of {clock(shown)})"
    return Bar(share(place), 0.0, shown, f"{title}, {told}", letter, style)


def _style(one: Correction | None) -> str:
    if one is None:
        return "mark"
    return {Verdict.REJECTED: "mark rejected", Verdict.REWORDED: "mark reworded", Verdict.CONFIRMED: "mark confirmed"}[one.verdict]


def _stacked(key: str, bars: Sequence[Bar]) -> Lane:
    """Bars that overlap go to rows of their own."""
    ends: list[float] = []
    placed: list[Bar] = []
    for bar in sorted(bars, key=lambda one: one.left):
        row = next((row for row, end in enumerate(ends) if end <= bar.left), len(ends))
        ends[row : row + 1] = [bar.left + bar.width]
        placed.append(replace(bar, row=row))
    return Lane(key, tuple(placed), max(1, len(ends)))


def _rowed(key: str, marks: Sequence[Bar]) -> Lane:
    """Marks too close to stand side by side go to rows below, three at most."""
    last = [-100.0] * _ROWS
    placed: list[Bar] = []
    for mark in sorted(marks, key=lambda one: one.left):
        free = [row for row in range(_ROWS) if mark.left - last[row] >= 100 * _ROOM]
        row = free[0] if free else min(range(_ROWS), key=lambda one: last[one])
        last[row] = mark.left
        placed.append(replace(mark, row=row))
    return Lane(key, tuple(placed), max((one.row for one in placed), default=0) + 1)
