"""The plan of a bench-top suturing trial: gestures, the hands' ways, and the grades that follow from both.

Gestures and aspects are those of JIGSAWS (Gao et al., M2CAI 2014; the modified OSATS). How skill shows itself (tremor, repeated
attempts, pauses, misplaced stitches) and the thresholds of the grades are ours: nothing was fitted to real trials.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medgrpo.core import Span
from medgrpo.simulation.worlds.motion import Point, Pose, Waypoint
from medgrpo.simulation.worlds.script import Deed, Segment, WorldScript, gapless

GESTURES: Mapping[str, str] = {
    "G1": "reaching for needle with right hand",
    "G2": "positioning needle",
    "G3": "pushing needle through tissue",
    "G4": "transferring needle from left to right",
    "G5": "moving to center with needle in grip",
    "G6": "pulling suture with left hand",
    "G8": "orienting needle",
    "G9": "using right hand to help tighten suture",
    "G10": "loosening more suture",
    "G11": "dropping suture at end and moving to end points",
}
STITCHES = 4
_SECONDS = {"G1": 3.0, "G2": 3.5, "G3": 6.0, "G4": 4.0, "G5": 2.5, "G6": 5.5, "G8": 4.0, "G9": 4.0, "G10": 3.0, "G11": 3.0}
_LIMITS: Mapping[str, tuple[float, float, float, float]] = {
    "Respect for tissue": (0.5, 1.5, 2.5, 4.5),
    "Suture/needle handling": (1.5, 3.5, 5.5, 7.5),
    "Time and motion": (1.15, 1.4, 1.7, 2.1),
    "Flow of operation": (0.05, 0.10, 0.16, 0.24),
    "Quality of final product": (0.008, 0.016, 0.026, 0.040),
}
"""Up to the first limit the grade is 5, up to the next 4, and so on; see `graded` for what is measured."""


@dataclass(frozen=True, slots=True)
class Pad:
    """Where the wound is and where stitches should enter (right of it) and leave (left), in picture heights."""

    middle_x: float

    def entry(self, stitch: int) -> Point:
        return (self.middle_x + 0.085, 0.24 + 0.16 * stitch)

    def exit(self, stitch: int) -> Point:
        return (self.middle_x - 0.085, 0.24 + 0.16 * stitch)


@dataclass(frozen=True, slots=True)
class Stitch:
    """A stitch that lies from `done_seconds` on, where the needle went in and out."""

    done_seconds: float
    entry: Point
    exit: Point


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything of one trial; `ease` is the latent skill, 0 (novice) to 1 (expert)."""

    script: WorldScript
    left: list[Waypoint]
    right: list[Waypoint]
    stitches: tuple[Stitch, ...]
    needle_right: tuple[Span, ...]
    tremor: float


def trial(pad: Pad, seconds: float, ease: float, rng: np.random.Generator) -> Trial:
    """A trial of four stitches of that length by a hand of that skill."""
    clumsy = 1.0 - ease
    order: list[tuple[str, int]] = [("G1", 0)]
    for stitch in range(STITCHES):
        order += [("G5", stitch)] if rng.random() < 0.7 else []
        order += [("G8", stitch)] + [("G2", stitch), ("G8", stitch)] * int(rng.poisson(1.4 * clumsy)) + [("G2", stitch)]
        order += [("G3", stitch)] + [("G2", stitch), ("G3", stitch)] * int(rng.poisson(0.8 * clumsy)) + [("G6", stitch)]
        order += [("G9", stitch)] if rng.random() < 0.25 + 0.3 * clumsy else []
        order += [("G10", stitch)] if rng.random() < 0.15 + 0.2 * clumsy else []
        order += [("G4", stitch)] if stitch < STITCHES - 1 else [("G11", stitch)]
    pauses = rng.random(len(order)) < 0.05 + 0.4 * clumsy
    lengths = [_SECONDS[name] * float(rng.lognormal(0, 0.2 + 0.2 * clumsy)) for name, _ in order]
    waits = [float(rng.uniform(0.5, 2.0 + 4.0 * clumsy)) if pause else 0.0 for pause in pauses]
    parts = [(GESTURES[name], length + wait) for (name, _), length, wait in zip(order, lengths, waits, strict=True)]
    actions = gapless(parts, seconds)
    misses = [(float(rng.normal(0, 0.035 * clumsy + 0.003)), float(rng.normal(0, 0.03 * clumsy + 0.003))) for _ in range(STITCHES)]
    ways = _Ways(pad, misses, clumsy, rng)
    for (name, stitch), part, length, wait in zip(order, actions, lengths, waits, strict=True):
        ways.play(name, stitch, part.span, wait / (length + wait))
    repeats = sum(1 for one, other in zip(order, order[2:], strict=False) if one == other and one[0] == "G3")
    reorients = sum(1 for name, _ in order if name == "G8") - STITCHES
    error = float(np.mean([np.hypot(dx, dy) for dx, dy in misses]))
    measured = {
        "Respect for tissue": float(repeats),
        "Suture/needle handling": float(reorients + repeats),
        "Time and motion": ways.way() / ways.direct,
        "Flow of operation": sum(waits) / (sum(waits) + sum(lengths)),
        "Quality of final product": error,
    }
    deeds = tuple(_deed(part, name) for part, (name, _) in zip(actions, order, strict=True))
    script = WorldScript(seconds, (Segment(Span(0, seconds), "suturing"),), actions, deeds, graded(measured))
    return Trial(script, ways.left, ways.right, tuple(ways.stitches), tuple(ways.needle_right), 0.0015 + 0.010 * clumsy)


def graded(measured: Mapping[str, float]) -> dict[str, int]:
    """Grades 1 to 5 of the six aspects; overall performance is the rounded mean of the other five.

    Measured are: pushes that had to be repeated; needle orientations beyond the first of a stitch, and repeated pushes; the hands'
    way over the shortest; the share of time at rest; the mean distance of stitches from their dots, in picture heights.
    """
    grades = {name: 5 - sum(measured[name] > limit for limit in limits) for name, limits in _LIMITS.items()}
    overall = round(sum(grades.values()) / len(grades))
    order = ("Respect for tissue", "Suture/needle handling", "Time and motion", "Flow of operation")
    return {
        **{name: grades[name] for name in order},
        "Overall performance": overall,
        "Quality of final product": grades["Quality of final product"],
    }


_DONE: Mapping[str, tuple[str, str]] = {
    "G1": ("reaches for", "the needle"),
    "G2": ("positions", "the needle at the entry dot"),
    "G3": ("pushes", "the needle through the tissue"),
    "G4": ("takes over", "the needle from the left"),
    "G5": ("brings", "the needle to the centre"),
    "G6": ("pulls", "the suture through"),
    "G8": ("orients", "the needle"),
    "G9": ("helps tighten", "the suture"),
    "G10": ("loosens", "more suture"),
    "G11": ("drops", "the suture"),
}


def _deed(part: Segment, name: str) -> Deed:
    verb, target = _DONE[name]
    return Deed(part.span, "left needle driver" if name in ("G6", "G10") else "right needle driver", verb, target)


class _Ways:
    """Collects the waypoints of both hands, and what follows from them, gesture by gesture."""

    def __init__(self, pad: Pad, misses: list[tuple[float, float]], clumsy: float, rng: np.random.Generator) -> None:
        self.pad, self.misses, self.clumsy, self.rng = pad, misses, clumsy, rng
        self.rest_left, self.rest_right = (pad.middle_x - 0.42, 0.62), (pad.middle_x + 0.42, 0.62)
        self.left = [Waypoint(0.0, Pose(self.rest_left, 0.0, 0.3))]
        self.right = [Waypoint(0.0, Pose(self.rest_right, np.pi, 0.5))]
        self.stitches: list[Stitch] = []
        self.needle_right: list[Span] = []
        self.direct = 1e-6

    def play(self, name: str, stitch: int, span: Span, pause: float) -> None:
        begin = span.start_seconds + pause * span.duration_seconds
        end = span.end_seconds
        middle = 0.5 * (begin + end)
        dx, dy = self.misses[stitch]
        entry = (self.pad.entry(stitch)[0] + dx, self.pad.entry(stitch)[1] + dy)
        leave = (self.pad.exit(stitch)[0] + 0.6 * dx, self.pad.exit(stitch)[1] - 0.8 * dy)
        centre = (self.pad.middle_x + 0.16, entry[1] + 0.02)
        if name == "G1":
            self._move(self.right, begin, end, (self.pad.middle_x + 0.30, 0.45), np.pi, 0.1)
        elif name == "G5":
            self._move(self.right, begin, end, centre, np.pi, 0.05)
        elif name == "G8":
            self._move(self.right, begin, middle, centre, np.pi + 0.5, 0.05)
            self._move(self.right, middle, end, centre, np.pi - 0.3, 0.05)
        elif name == "G2":
            self._move(self.right, begin, end, (entry[0] + 0.03, entry[1]), np.pi - 0.15, 0.05)
        elif name == "G3":
            self._move(self.right, begin, end, (self.pad.middle_x - 0.02, entry[1] + 0.015), np.pi + 0.35, 0.05)
            self._move(self.left, middle, end, (leave[0] - 0.05, leave[1]), 0.1, 0.25)
        elif name == "G6":
            self.stitches.append(Stitch(middle, entry, leave))
            self._move(self.left, begin, end, (self.pad.middle_x - 0.38, max(0.12, leave[1] - 0.25)), -0.4, 0.05)
            self._move(self.right, begin, end, (self.pad.middle_x + 0.14, entry[1] + 0.06), np.pi, 0.3)
        elif name == "G9":
            self._move(self.right, begin, end, (self.pad.middle_x + 0.28, max(0.1, entry[1] - 0.14)), np.pi + 0.3, 0.05)
        elif name == "G10":
            self._move(self.left, begin, end, (self.pad.middle_x - 0.26, leave[1]), 0.0, 0.05)
        elif name == "G4":
            self._move(self.left, begin, end, (self.pad.middle_x - 0.03, entry[1] + 0.05), 0.2, 0.1)
            self._move(self.right, begin, end, (self.pad.middle_x + 0.05, entry[1] + 0.05), np.pi, 0.1)
        else:
            self._move(self.left, begin, end, self.rest_left, 0.0, 0.4)
            self._move(self.right, begin, end, self.rest_right, np.pi, 0.4)
        if name in ("G1", "G2", "G3", "G4", "G5", "G8"):
            self.needle_right.append(Span(middle if name in ("G1", "G4") else span.start_seconds, end))

    def way(self) -> float:
        """What both hands travelled, detours in, in picture heights."""
        return sum(
            float(np.hypot(one.pose.tip_xy[0] - other.pose.tip_xy[0], one.pose.tip_xy[1] - other.pose.tip_xy[1]))
            for hand in (self.left, self.right)
            for one, other in pairwise(hand)
        )

    def _move(self, hand: list[Waypoint], begin: float, end: float, to: Point, angle: float, opening: float) -> None:
        """Rest until `begin`, then go; a clumsy hand goes by a way round."""
        start = hand[-1].pose
        if begin > hand[-1].seconds:
            hand.append(Waypoint(begin, start))
        detour = self.clumsy * float(self.rng.normal(0, 0.07))
        if abs(detour) > 0.01:
            (x0, y0), (x1, y1) = start.tip_xy, to
            aside = (0.5 * (x0 + x1) + detour, 0.5 * (y0 + y1) - detour)
            hand.append(Waypoint(0.5 * (begin + end), Pose(aside, 0.5 * (start.angle + angle), opening)))
        hand.append(Waypoint(end, Pose(to, angle, opening)))
        self.direct += float(np.hypot(to[0] - start.tip_xy[0], to[1] - start.tip_xy[1]))
