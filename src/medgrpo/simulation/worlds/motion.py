"""Where a tool is at any moment: waypoints joined by smooth moves, and the tremor of the hand that holds it.

Places are in picture heights: x from 0 (left) to width/height, y from 0 (top) to 1.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medgrpo.simulation.texture import ease

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pose:
    """A tool's working end, its direction in radians (0 points right, positive turns clockwise), and how far it is open."""

    tip_xy: Point
    angle: float
    opening: float


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A pose to be in at a moment; `away`: the tool leaves the picture there and is not drawn until the next waypoint."""

    seconds: float
    pose: Pose
    away: bool = False


class Motion:
    """A tool's way through a case. Between waypoints it moves and turns smoothly; before the first and after the last it rests."""

    def __init__(self, waypoints: list[Waypoint], tremor: float, rng: np.random.Generator) -> None:
        if not waypoints:
            raise ValueError("a motion needs a waypoint")
        self._points = sorted(waypoints, key=lambda point: point.seconds)
        self._times = [point.seconds for point in self._points]
        self._tremor = tremor
        self._phases = [float(v) for v in rng.uniform(0, 2 * math.pi, 6)]

    def at(self, seconds: float) -> Pose | None:
        """The pose at that moment, None while the tool is away."""
        after = bisect_right(self._times, seconds)
        before = self._points[max(0, after - 1)]
        if before.away:
            return None
        following = self._points[min(after, len(self._points) - 1)]
        gap = following.seconds - before.seconds
        share = ease((seconds - before.seconds) / gap) if gap > 0 else 0.0
        (x0, y0), (x1, y1) = before.pose.tip_xy, following.pose.tip_xy
        shake_x, shake_y = self._shake(seconds, 0), self._shake(seconds, 3)
        turn = math.remainder(following.pose.angle - before.pose.angle, 2 * math.pi)
        opening = before.pose.opening + share * (following.pose.opening - before.pose.opening)
        return Pose((x0 + share * (x1 - x0) + shake_x, y0 + share * (y1 - y0) + shake_y), before.pose.angle + share * turn, opening)

    def length(self) -> float:
        """The way between the waypoints, in picture heights, tremor left out."""
        return sum(math.dist(one.pose.tip_xy, other.pose.tip_xy) for one, other in pairwise(self._points) if not one.away)

    def _shake(self, seconds: float, first: int) -> float:
        """Three sines between 1 and 9 Hz, the band of a hand's tremor and drift."""
        one, two, three = self._phases[first : first + 3]
        wave = 0.6 * math.sin(6.5 * seconds + one) + 0.3 * math.sin(19.0 * seconds + two) + 0.2 * math.sin(52.0 * seconds + three)
        return self._tremor * wave
