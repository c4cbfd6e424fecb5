"""From a procedure's knowledge to a script: how long each phase lasts, which hand does what when, what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medgrpo.core import InputError, Span
from medgrpo.knowledge import PHASES, TRIPLETS, ExpectedAction, Procedure, Triplet
from medgrpo.simulation.hands import HandPlanner
from medgrpo.simulation.script import Action, Deviation, Event, EventKind, Hand, Lost, PhaseSpan, Script, ViewKind

LEAST_SECONDS = {
    "preparation": 8.0, "carlot-triangle-dissection": 12.0, "clipping-and-cutting": 24.0, "gallbladder-dissection": 14.0,
    "gallbladder-packaging": 10.0, "cleaning-and-coagulation": 10.0, "gallbladder-extraction": 10.0,
}  # fmt: skip
LEAST_MINUTES = 2.0
_BY_NAME = {triplet.name: triplet for triplet in TRIPLETS}
_BLEEDING_ACTIONS = (
    ExpectedAction(triplet="irrigator,aspirate,fluid", share=0.5),
    ExpectedAction(triplet="bipolar,coagulate,blood_vessel", share=0.5),
)


def plan(procedure: Procedure, minutes: float, deviations: Sequence[Deviation], rng: np.random.Generator) -> Script:
    """The script of one operation. InputError when it is too short for every phase, or a phase is not CholecT50's."""
    if not LEAST_MINUTES <= minutes <= 600:
        raise InputError(f"an operation can be simulated in {LEAST_MINUTES:g} to 600 minutes, not {minutes:g}")
    chosen = tuple(dict.fromkeys(d for d in deviations if d is not Deviation.NONE))
    return _Planner(procedure, minutes * 60.0, chosen, rng).script()


class _Planner:
    def __init__(self, procedure: Procedure, seconds: float, deviations: tuple[Deviation, ...], rng: np.random.Generator) -> None:
        self.procedure, self.seconds, self.deviations, self.rng = procedure, seconds, deviations, rng
        self.events: list[Event] = []
        self.lost: list[Lost] = []
        high = rng.random() < 0.5
        left = (-0.95, -0.3) if rng.random() < 0.5 else (-0.75, -0.66)
        right = (0.86, -0.5) if high else (0.82, 0.57)
        self.hands = HandPlanner(rng, {Hand.LEFT: _turned(left, rng), Hand.RIGHT: _turned(right, rng)})

    def script(self) -> Script:
        phases = self._phases()
        for part in phases:
            self._fill(part)
        self._views(phases)
        deviations = self.deviations or (Deviation.NONE,)
        return Script(
            self.seconds, tuple(phases), tuple(sorted(self.hands.visits, key=lambda v: v.span)),
            tuple(sorted(self.events, key=lambda e: e.span)), tuple(sorted(self.lost, key=lambda v: v.span)), deviations,
        )  # fmt: skip

    def _phases(self) -> list[PhaseSpan]:
        order = self._order()
        middle = np.array([self.procedure.phase(p).typical_seconds[1] for p in order]) * self.rng.lognormal(0, 0.15, len(order))
        least = np.array([LEAST_SECONDS[p] for p in order])
        if Deviation.CLIPPING_BEFORE_CRITICAL_VIEW in self.deviations:
            middle[order.index("carlot-triangle-dissection")] *= 0.08  # hardly any
        spare = self.seconds - least.sum()
        lengths = least + spare * middle / middle.sum()
        ends = np.cumsum(lengths)
        ends[-1] = self.seconds
        starts = [0.0, *ends[:-1].tolist()]
        return [PhaseSpan(Span(s, e), p) for s, e, p in zip(starts, ends.tolist(), order, strict=True)]

    def _order(self) -> list[str]:
        """All phases once, each an allowed successor of the one before; ways taken in less than a fifth of cases are not played."""
        ids = [phase.id for phase in self.procedure.phases]
        if sorted(ids) != sorted(PHASES):
            raise InputError(f"{self.procedure.id}: only a procedure with CholecT50's seven phases can be simulated")
        for _ in range(200):
            order = [ids[0]]
            while len(order) < len(ids):
                ways = [s for s in self.procedure.phase(order[-1]).followed_by if s.phase not in order and s.share >= 0.2]
                if not ways:
                    break
                shares = np.array([way.share for way in ways])
                order.append(ways[int(self.rng.choice(len(ways), p=shares / shares.sum()))].phase)
            if len(order) == len(ids):
                return order
        raise InputError(f"{self.procedure.id}: its phases cannot all follow one another as `followed_by` says")

    def _fill(self, part: PhaseSpan) -> None:
        start, end = part.span.start_seconds, part.span.end_seconds
        actions = self.procedure.phase(part.phase).actions
        left = [a for a in actions if _triplet(a).instrument == "grasper"]
        right = [a for a in actions if _triplet(a).instrument != "grasper"]
        if not right:
            right = [a for a in left if _triplet(a).target == "specimen_bag"]
            left = [a for a in left if a not in right]
        room = Span(start + 0.3, end - 0.2)
        if part.phase == "clipping-and-cutting":
            self.hands.fill(room, Hand.LEFT, left, 1.0)
            self._clip_and_cut(room)
            return
        sums = sum(a.share for a in left), sum(a.share for a in right)
        busiest = max(sums)
        self.hands.fill(room, Hand.LEFT, left, sums[0] / busiest)
        parts = [room]
        if part.phase == "gallbladder-dissection" and Deviation.BLEEDING in self.deviations:
            first, last = start + 0.38 * (end - start), start + 0.38 * (end - start) + max(9.0, 0.2 * (end - start))
            self.events.append(Event(EventKind.BLEEDING_SEEN, Span(first, last), "blood_vessel"))
            self.hands.fill(Span(first + 1.0, last - 0.2), Hand.RIGHT, _BLEEDING_ACTIONS, 1.0)
            parts = [Span(room.start_seconds, first + 0.6), Span(last, room.end_seconds)]
        for piece in parts:
            self.hands.fill(piece, Hand.RIGHT, right, min(1.0, sums[1] / busiest))
        if part.phase == "gallbladder-packaging":
            self.events.append(Event(EventKind.BAG_USED, Span(start + 0.08 * (end - start), end), "specimen_bag"))

    def _clip_and_cut(self, room: Span) -> None:
        """Clips on both sides of where duct and artery will be divided, then the division; or the deviation's order."""
        duct_clips = ["clip,cystic_duct"] * int(self.rng.integers(2, 4))
        artery_clips = ["clip,cystic_artery"] * 2
        cut_duct, cut_artery = ["cut,cystic_duct"], ["cut,cystic_artery"]
        if Deviation.DIVISION_BEFORE_CLIPPING in self.deviations:
            groups = [cut_duct, duct_clips + artery_clips, cut_artery]
        elif room.duration_seconds > 40 and self.rng.random() < 0.5:
            groups = [duct_clips, cut_duct, artery_clips, cut_artery]
        else:
            groups = [duct_clips + artery_clips, cut_duct + cut_artery]
        for action in self.hands.sequence(room, Hand.RIGHT, groups):
            self._mark(action)

    def _mark(self, action: Action) -> None:
        kind = {"clip": EventKind.CLIP_APPLIED, "cut": EventKind.STRUCTURE_DIVIDED}[action.triplet.verb]
        at = action.span.start_seconds + 0.6 * action.span.duration_seconds
        self.events.append(Event(kind, Span(at, action.span.end_seconds), action.triplet.target))

    def _views(self, phases: list[PhaseSpan]) -> None:
        by_name = {part.phase: part.span for part in phases}
        opening = min(6.0, 0.25 * by_name["preparation"].duration_seconds)
        self._outside(Span(0.0, 0.6 * opening))
        self.lost.append(Lost(Span(0.6 * opening, opening), ViewKind.OUTSIDE, in_trocar=True))
        closing = min(7.0, 0.3 * by_name["gallbladder-extraction"].duration_seconds)
        last = self.seconds
        self.lost.append(Lost(Span(last - closing, last - 0.7 * closing), ViewKind.OUTSIDE, in_trocar=True))
        self._outside(Span(last - 0.7 * closing, last - 0.25 * closing), refocus=False)
        self.lost.append(Lost(Span(last - 0.25 * closing, last), ViewKind.BLACK))
        for phase in ("carlot-triangle-dissection", "gallbladder-dissection"):
            span = by_name[phase]
            if self.rng.random() < 0.75:
                self._foul_and_clean(span)
        if Deviation.LOST_VIEW in self.deviations:
            span = by_name["gallbladder-dissection"]
            first = span.start_seconds + 0.70 * span.duration_seconds
            stretch = Span(first, first + min(max(8.0, 0.2 * span.duration_seconds), 0.26 * span.duration_seconds + 2.0))
            view = ViewKind.BLACK if self.rng.random() < 0.5 else ViewKind.OBSCURED
            self.lost.append(Lost(stretch, view))
            self.events.append(Event(EventKind.VIEW_LOST, stretch))

    def _outside(self, span: Span, refocus: bool = True) -> None:
        self.lost.append(Lost(span, ViewKind.OUTSIDE))
        self.events.append(Event(EventKind.OUT_OF_BODY, span))
        if refocus and span.start_seconds > 0:
            self.lost.append(Lost(Span(span.end_seconds, span.end_seconds + 0.7), ViewKind.BLURRED))

    def _foul_and_clean(self, span: Span) -> None:
        """The lens is fouled, the surgeon bears it for a while, then the camera is taken out and wiped."""
        length = min(20.0, 0.16 * span.duration_seconds)
        first = span.start_seconds + self.rng.uniform(0.08, 0.16) * span.duration_seconds
        level = float(self.rng.uniform(0.35, 0.9))
        away = Span(first + length, first + length + min(5.0, max(1.2, 0.06 * span.duration_seconds)))
        self.events.append(Event(EventKind.LENS_FOULED, Span(first, away.start_seconds), level=level))
        self.events.append(Event(EventKind.LENS_CLEANED, away))
        self._outside(away)


def _triplet(action: ExpectedAction) -> Triplet:
    return _BY_NAME[action.triplet]


def _turned(port_xy: tuple[float, float], rng: np.random.Generator) -> tuple[float, float]:
    angle = float(np.arctan2(port_xy[1], port_xy[0]) + rng.normal(0, 0.16))
    return (float(np.cos(angle)), float(np.sin(angle)))
