"""Where everything is at a moment: camera, instruments, site, smoke, lens. All of it a pure function of the time."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from medgrpo.core import Span
from medgrpo.knowledge import TRIPLETS, Triplet
from medgrpo.simulation.anatomy import Anatomy, Point
from medgrpo.simulation.script import Action, EventKind, Hand, Lost, Script, ViewKind, Visit
from medgrpo.simulation.site import SiteState
from medgrpo.simulation.texture import ease

_NULL = {triplet.instrument: triplet for triplet in TRIPLETS if triplet.verb == "null_verb"}
_SMOKY = {"hook": 0.055, "bipolar": 0.045, "scissors": 0.03}
_SMOKE_STEP_SECONDS = 0.25
OBSCURING_DIRT, OBSCURING_SMOKE = 0.7, 0.72
"""Above these (0..1) the view counts as obscured."""
_VISIBLE_WIDTH = {
    "preparation": 0.95, "carlot-triangle-dissection": 0.70, "clipping-and-cutting": 0.64, "gallbladder-dissection": 0.72,
    "gallbladder-packaging": 0.86, "cleaning-and-coagulation": 0.76, "gallbladder-extraction": 0.90,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Camera:
    """Looks at `centre_xy`; the picture's height shows `span` world units, turned by `angle` radians."""

    centre_xy: Point
    span: float
    angle: float


@dataclass(frozen=True, slots=True)
class Pose:
    """One instrument: its tip and its trocar's direction in world units; `opening` 0 shut .. 1 wide; `pull_xy` drags tissue."""

    instrument: str
    triplet: Triplet
    tip_xy: Point
    port_xy: Point
    opening: float
    pull_xy: Point


class Motion:
    """Answers for any moment of one script; keeps tables but no state."""

    def __init__(self, script: Script, anatomy: Anatomy, rng: np.random.Generator) -> None:
        self.script, self.anatomy = script, anatomy
        self._phase = {part.phase: part.span for part in script.phases}
        self._clips = script.of(EventKind.CLIP_APPLIED)
        self._cuts = script.of(EventKind.STRUCTURE_DIVIDED)
        self._bleeding = script.of(EventKind.BLEEDING_SEEN)
        self._fouled = script.of(EventKind.LENS_FOULED)
        self._waves = rng.uniform(0, 2 * math.pi, 16)
        self._camera_times, self._camera_looks = self._camera_plan(rng)
        self._smoke = self._smoke_table(rng)

    def view(self, seconds: float) -> ViewKind:
        """What the camera shows; a heavily fouled lens or thick smoke counts as obscured."""
        lost = self.lost(seconds)
        if lost is not None:
            return lost.view
        veiled = self.fouling(seconds) > OBSCURING_DIRT or self.smoke(seconds) > OBSCURING_SMOKE
        return ViewKind.OBSCURED if veiled else ViewKind.INSIDE

    def shows_tips(self, seconds: float) -> bool:
        """Whether an instrument could be labelled: through smoke and a passing blur yes, through a dirty lens no."""
        lost = self.lost(seconds)
        return self.fouling(seconds) <= OBSCURING_DIRT if lost is None else lost.view is ViewKind.BLURRED

    def lost(self, seconds: float) -> Lost | None:
        return next((part for part in self.script.lost if _within(part.span, seconds)), None)

    def calot_cleared(self, seconds: float) -> float:
        """How much of the triangle is free of fat: what is dissected in Calot's phase, the rest (if any) with the liver bed."""
        span, later = self._phase["carlot-triangle-dissection"], self._phase["gallbladder-dissection"]
        end = 0.12 if "clipping_before_critical_view" in self.script.deviations else 1.0
        return end * _share(span, seconds) + (1.0 - end) * _share(later, seconds)

    def detached(self, seconds: float) -> float:
        return _share(self._phase["gallbladder-dissection"], seconds)

    def critical_view(self, seconds: float) -> tuple[int, int, int]:
        """Two structures, cystic plate, hepatocystic triangle, each 0..2, as far as dissected before the first clip or division."""
        first = min(event.span.start_seconds for event in (*self._clips, *self._cuts))
        cleared = self.calot_cleared(min(seconds, first))
        steps = ((0.35, 0.75), (0.5, 0.95), (0.4, 0.85))
        two, plate, triangle = (int(cleared >= low) + int(cleared >= high) for low, high in steps)
        return two, plate, triangle

    def blood(self, seconds: float) -> float:
        """0..1; rises fast, stands, is washed away in the last part of a bleeding, leaves a stain."""
        level = 0.0
        for event in self._bleeding:
            start, length = event.span.start_seconds, event.span.duration_seconds
            at = (seconds - start) / length
            if at > 0:
                fall = 0.9 * ease((at - 0.55) / 0.45)
                level = max(level, event.level * ease(at / 0.2) * (1.0 - fall))
        ooze = 0.14 * ease(self.detached(seconds) / 0.4) * (1.0 - _share(self._phase["cleaning-and-coagulation"], seconds))
        return max(level, ooze)

    def smoke(self, seconds: float) -> float:
        at = seconds / _SMOKE_STEP_SECONDS
        low = min(int(at), len(self._smoke) - 2)
        return float(self._smoke[low] + (at - low) * (self._smoke[low + 1] - self._smoke[low]))

    def fouling(self, seconds: float) -> float:
        """How dirty the lens is, 0..1."""
        return max(
            (e.level * ease((seconds - e.span.start_seconds) / 1.2) for e in self._fouled if _within(e.span, seconds)), default=0.0
        )

    def defocus(self, seconds: float) -> float:
        lost = self.lost(seconds)
        return 1.0 if lost is not None and lost.view is ViewKind.BLURRED else 0.0

    def site(self, seconds: float) -> SiteState:
        """The surgical site, its slow changes rounded to steps."""
        counts: dict[str, int] = {}
        clips: list[tuple[str, float]] = []
        for event in self._clips:
            if event.span.start_seconds <= seconds and event.target:
                k = counts[event.target] = counts.get(event.target, 0) + 1
                clips.append((event.target, (0.28, 0.58, 0.66)[k - 1] if event.target == "cystic_duct" else (0.40, 0.64)[k - 1]))
        divided = frozenset(e.target for e in self._cuts if e.target and e.span.start_seconds <= seconds)
        packing = self._phase["gallbladder-packaging"]
        bagged, bag = _share(packing, seconds), ""
        if bagged > 0.08:
            bag = "full" if bagged > 0.6 else "open"
        return SiteState(
            calot_cleared=round(self.calot_cleared(seconds) * 24) / 24, detached=round(self.detached(seconds) * 32) / 32,
            clips=tuple(clips), divided=divided, blood=round(self.blood(seconds) * 20) / 20,
            gallbladder=bagged <= 0.6, bag=bag, bag_xy=self._bag(seconds) if bag else (0.0, 0.0),
        )  # fmt: skip

    def camera(self, seconds: float) -> Camera:
        k = max(0, min(bisect_right(self._camera_times, seconds) - 1, len(self._camera_times) - 2))
        start, end = self._camera_times[k], self._camera_times[k + 1]
        share = ease((seconds - start) / (end - start))
        (x0, y0, s0, a0), (x1, y1, s1, a1) = self._camera_looks[k], self._camera_looks[k + 1]
        w = self._waves
        shake = 0.0035 * math.sin(5.1 * seconds + w[0]) + 0.0016 * math.sin(17.0 * seconds + w[1])
        sway = 0.0035 * math.sin(4.3 * seconds + w[2]) + 0.0016 * math.sin(19.0 * seconds + w[3])
        breath = 0.006 * math.sin(1.55 * seconds + w[4])
        return Camera(
            (x0 + share * (x1 - x0) + shake + 0.01 * math.sin(0.7 * seconds + w[5]), y0 + share * (y1 - y0) + sway + breath),
            s0 + share * (s1 - s0), a0 + share * (a1 - a0) + 0.012 * math.sin(0.9 * seconds + w[6]),
        )  # fmt: skip

    def poses(self, seconds: float) -> list[Pose]:
        """Every instrument that is in the abdomen at that moment, visible or not."""
        return [self._pose(visit, seconds) for visit in self.script.visits if _within(visit.span, seconds)]

    def _bag(self, seconds: float) -> Point:
        """The bag lies by the liver and is drawn up and out in the last phase."""
        x, y = self.anatomy.bag
        up = round(ease(1.25 * _share(self._phase["gallbladder-extraction"], seconds)) * 24) / 24
        return (x + up * (0.62 - x), y + up * (0.20 - y))

    def _target(self, action: Action, hand: Hand, seconds: float) -> Point:
        if action.triplet.target == "specimen_bag":
            x, y = self._bag(seconds)
            return (x - 0.05 + 0.04 * action.spread_xy[0], y - 0.06 + 0.03 * action.spread_xy[1])
        if action.triplet.target == "gallbladder":
            if self.site(seconds).bag == "full" or action.triplet.verb == "pack":
                x, y = self._bag(seconds)
                return (x - 0.02, y - 0.04)
            if hand is Hand.LEFT:
                axis = self.anatomy.gallbladder_at(self.detached(seconds))
                x, y = 0.12 * axis[2] + 0.88 * axis[3]
                return (float(x) - 0.025 + 0.02 * action.spread_xy[0], float(y) + 0.03 * action.spread_xy[1])
        return self.anatomy.place(action.triplet.target, self.detached(seconds), action.spread_xy)

    def _pose(self, visit: Visit, seconds: float) -> Pose:
        port = visit.port_xy
        outside = (self.anatomy.calot[0] + 0.85 * port[0], self.anatomy.calot[1] + 0.85 * port[1])
        previous = next((a for a in reversed(visit.actions) if a.span.start_seconds <= seconds), None)
        if previous is not None and seconds <= previous.span.end_seconds:
            return self._acting(visit, previous, seconds)
        following = next((a for a in visit.actions if a.span.start_seconds > seconds), None)
        begin = visit.span.start_seconds if previous is None else previous.span.end_seconds
        end = visit.span.end_seconds if following is None else following.span.start_seconds
        share = ease((seconds - begin) / max(end - begin, 1e-6))
        x0, y0 = outside if previous is None else self._target(previous, visit.hand, seconds)
        x1, y1 = outside if following is None else self._target(following, visit.hand, seconds)
        lift = 0.07 * math.sin(math.pi * share) if previous is not None and following is not None else 0.0
        tip = (x0 + share * (x1 - x0) + lift * port[0], y0 + share * (y1 - y0) + lift * port[1])
        opening = 0.65 * share if following is not None else 0.15 * (1 - share)
        return Pose(visit.instrument, _NULL[visit.instrument], tip, port, opening, (0.0, 0.0))

    def _acting(self, visit: Visit, action: Action, seconds: float) -> Pose:
        x, y = self._target(action, visit.hand, seconds)
        since, length = seconds - action.span.start_seconds, action.span.duration_seconds
        hold = ease(since / 0.5) * ease((length - since) / 0.4)
        px, py = visit.port_xy
        w = self._waves[8:]
        wander = (0.006 * math.sin(1.9 * seconds + w[0]), 0.006 * math.sin(1.5 * seconds + w[1]))
        verb, pull, opening = action.triplet.verb, 0.0, 0.3
        if verb in ("retract", "pack"):
            pull, opening = 0.035 * hold * (0.85 + 0.15 * math.sin(1.1 * seconds + w[2])), 0.08
        elif verb == "grasp":
            pull, opening = 0.018 * hold, 0.65 * (1 - ease(since / 0.6)) + 0.06
        elif verb == "dissect":
            stroke = max(0.0, math.sin(2.6 * seconds + w[3]))
            pull, opening = 0.028 * hold * stroke, 0.15 + 0.5 * abs(math.sin(2.1 * seconds))
        elif verb == "coagulate":
            pull, opening = 0.006 * hold * math.sin(3.0 * seconds), 0.18
        elif verb == "clip":
            opening = 0.8 * (1 - ease((since / length - 0.3) / 0.3)) + 0.5 * ease((since / length - 0.75) / 0.2)
            wander = (wander[0] * 0.3, wander[1] * 0.3)
        elif verb == "cut":
            opening = 0.9 * (1 - ease((since / length - 0.4) / 0.2)) + 0.4 * ease((since / length - 0.8) / 0.2)
            wander = (wander[0] * 0.3, wander[1] * 0.3)
        elif verb in ("aspirate", "irrigate"):
            wander = (0.03 * hold * math.sin(1.2 * seconds + w[4]), 0.018 * hold * math.sin(1.7 * seconds + w[5]))
        else:
            wander = (0.03 * math.sin(0.6 * seconds + w[6]), 0.03 * math.sin(0.5 * seconds + w[7]))
        tip = (x + pull * px + wander[0], y + pull * py + wander[1])
        drags = verb in ("retract", "grasp", "dissect", "pack")
        return Pose(visit.instrument, action.triplet, tip, visit.port_xy, opening, (pull * px, pull * py) if drags else (0.0, 0.0))

    def _camera_plan(self, rng: np.random.Generator) -> tuple[list[float], list[tuple[float, float, float, float]]]:
        """A look every few seconds: at where the work is, nearer or wider by phase."""
        times, looks = [0.0], list[tuple[float, float, float, float]]()
        close = rng.uniform(0.85, 1.12)
        tilt = rng.normal(0, 0.10)
        while times[-1] < self.script.duration_seconds:
            at = min(times[-1], self.script.duration_seconds)
            phase = self.script.phase_at(at).phase
            x, y = self.anatomy.calot[0] - 0.07, self.anatomy.calot[1] - 0.04
            if phase == "gallbladder-dissection":
                peel = self.anatomy.place("cystic_plate", self.detached(at))
                x, y = 0.55 * peel[0] + 0.45 * x, 0.6 * peel[1] + 0.4 * y
            elif phase in ("gallbladder-packaging", "gallbladder-extraction"):
                bag = self._bag(at)
                x, y = 0.5 * (x + bag[0]), 0.5 * (y + bag[1])
            working = next((v for v in self.script.visits if v.hand is Hand.RIGHT and _within(v.span, at + 1.5)), None)
            if working is not None:
                tip = self._pose(working, at + 1.5).tip_xy
                x, y = 0.72 * x + 0.28 * tip[0], 0.72 * y + 0.28 * tip[1]
            span = min(0.98, _VISIBLE_WIDTH[phase] * close * rng.uniform(0.88, 1.12))
            dx, dy = rng.normal(0, 0.03, 2)
            looks.append((x + dx, y + dy, span, tilt + rng.normal(0, 0.05)))
            times.append(times[-1] + rng.uniform(3.0, 8.0))
        looks.append(looks[-1])
        return times, looks

    def _smoke_table(self, rng: np.random.Generator) -> list[float]:
        steps = int(self.script.duration_seconds / _SMOKE_STEP_SECONDS) + 3
        source = np.zeros(steps)
        for visit in self.script.visits:
            strength = _SMOKY.get(visit.instrument, 0.0)
            for action in visit.actions:
                if strength and action.triplet.verb in ("dissect", "coagulate", "cut"):
                    span = action.span
                    first, last = (int(v / _SMOKE_STEP_SECONDS) for v in (span.start_seconds, span.end_seconds))
                    bursts = np.repeat(rng.random((last - first) // 6 + 2) < 0.45, 6)[: last - first]
                    source[first:last] += strength * bursts * rng.uniform(0.5, 1.3)
        level, table = 0.0, list[float]()
        for step in source:
            level += float(step) * (1.0 - level) - 0.06 * level
            table.append(level)
        return table


def _within(span: Span, seconds: float) -> bool:
    return span.start_seconds <= seconds < span.end_seconds


def _share(span: Span, seconds: float) -> float:
    """How much of the span lies behind, 0..1."""
    return min(1.0, max(0.0, (seconds - span.start_seconds) / span.duration_seconds))
