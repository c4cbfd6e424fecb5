"""Endoscopic submucosal dissection: forceps hold a flap of mucosa, a knife divides the blue-stained layer below it.

Dim, shaking, reddish on reddish: the hardest world. The labels are CoPESD's eight (as MedVidBench spells them).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from medgrpo.core import Span
from medgrpo.simulation.texture import Field, fractal, smooth, step, vessels
from medgrpo.simulation.worlds.motion import Motion, Point, Pose, Waypoint
from medgrpo.simulation.worlds.script import Deed, SeenTool, Segment, WorldScript, gapless
from medgrpo.simulation.worlds.stage import Board, Rgb, Stage, ahead, paint

ADJUST, DISSECT = "adjust camera", "dissect flap tissue with knife"
LIFT, HOLD = "lift flap with forceps", "stabilize flap with forceps"
POSITION_BOTH, POSITION = "position flap with forceps and knife", "position flap with forceps only"
RETRACT_BOTH, RETRACT = "retract flap edge with forceps and knife", "retract flap edge with forceps only"
_NEXT: Mapping[str, tuple[tuple[str, float], ...]] = {
    ADJUST: ((POSITION, 0.4), (LIFT, 0.35), (POSITION_BOTH, 0.25)),
    POSITION: ((LIFT, 0.4), (RETRACT, 0.4), (HOLD, 0.2)),
    POSITION_BOTH: ((RETRACT_BOTH, 0.5), (DISSECT, 0.5)),
    LIFT: ((DISSECT, 0.6), (HOLD, 0.4)),
    RETRACT: ((DISSECT, 0.7), (HOLD, 0.3)),
    RETRACT_BOTH: ((DISSECT, 0.8), (HOLD, 0.2)),
    HOLD: ((DISSECT, 0.75), (ADJUST, 0.25)),
    DISSECT: ((ADJUST, 0.25), (POSITION, 0.3), (POSITION_BOTH, 0.2), (RETRACT, 0.15), (HOLD, 0.1)),
}
"""What follows what, with which probability: ours, by what the acts are for; not learned."""
_SECONDS = {ADJUST: 4.0, DISSECT: 10.0, LIFT: 5.0, HOLD: 5.0, POSITION: 5.0, POSITION_BOTH: 6.0, RETRACT: 5.0, RETRACT_BOTH: 6.0}
_LENS = 0.53
"""Radius of the endoscope's circle in picture heights."""
_WITH_KNIFE = (DISSECT, POSITION_BOTH, RETRACT_BOTH)
_FORCEPS: Mapping[str, Point] = {LIFT: (0.0, -0.16), RETRACT: (0.22, -0.04), RETRACT_BOTH: (0.18, -0.08), POSITION: (-0.10, 0.05)}
"""How far the forceps' hold on the flap is moved by an act, in picture heights."""


class SubmucosalDissection:
    """The world of CoPESD, drawn."""

    name = "submucosal-dissection"
    labels = tuple(_NEXT)

    def stage(self, width: int, height: int, rng: np.random.Generator) -> Stage:
        return Stage(width, height, rng, noise=float(rng.uniform(5.0, 9.0)), light=float(rng.uniform(0.7, 1.0)))

    def scene(self, stage: Stage, seconds: float, rng: np.random.Generator) -> _Scene:
        return _Scene(stage, _actions(seconds, rng), seconds, rng)


def _actions(seconds: float, rng: np.random.Generator) -> tuple[Segment, ...]:
    parts: list[tuple[str, float]] = []
    label = ADJUST
    while sum(length for _, length in parts) < seconds:
        parts.append((label, _SECONDS[label] * float(rng.lognormal(0, 0.35))))
        names, shares = zip(*_NEXT[label], strict=True)
        label = str(rng.choice(names, p=shares))
    return gapless(parts, seconds)


def _deeds(actions: tuple[Segment, ...]) -> tuple[Deed, ...]:
    made: list[Deed] = []
    for part in actions:
        if part.label == DISSECT:
            made.append(Deed(part.span, "knife", "dissects", "the submucosa below the flap"))
        elif part.label != ADJUST:
            verb = part.label.split()[0]
            word = {"stabilize": "stabilizes", "lift": "lifts", "position": "positions", "retract": "retracts"}[verb]
            made.append(Deed(part.span, "forceps", word, "the flap edge" if verb == "retract" else "the flap"))
    return tuple(made)


class _Scene:
    def __init__(self, stage: Stage, actions: tuple[Segment, ...], seconds: float, rng: np.random.Generator) -> None:
        self.script = WorldScript(seconds, (Segment(Span(0, seconds), "submucosal dissection"),), actions, _deeds(actions))
        self._stage = stage
        shape = (stage.height, stage.width)
        self._wobble = 0.5 * smooth(rng, shape, stage.height / 3)
        fine = fractal(rng, shape, stage.height / 14)
        red: Rgb = (float(rng.uniform(165, 200)), float(rng.uniform(78, 105)), float(rng.uniform(70, 95)))
        blue: Rgb = (float(rng.uniform(95, 135)), float(rng.uniform(125, 160)), float(rng.uniform(165, 205)))
        branches = vessels(smooth(rng, shape, 26.0), smooth(rng, shape, 60.0), 0.10, 0.4)
        self._mucosa = paint(red, 1.0 + 0.12 * fine + 0.10 * self._wobble)
        self._submucosa = paint(blue, 1.0 + 0.14 * fine) - 60.0 * branches[..., None]
        self._muscle = paint((188, 150, 134), 1.0 + 0.10 * fine)
        middle = 0.5 * stage.aspect
        distance = np.hypot(stage.x - middle, stage.y - 0.5)
        self.mask: Field | None = (step(distance, _LENS + 0.03, _LENS - 0.03) * (1.15 - 0.9 * distance)).astype(np.float32)
        self._sway = [float(v) for v in rng.uniform(0, 2 * math.pi, 4)]
        self._done = _progress(actions, seconds)
        forceps, knife = self._routes(actions, middle, rng)
        self._forceps, self._knife = Motion(forceps, 0.004, rng), Motion(knife, 0.006, rng)

    def draw(self, seconds: float) -> Board:
        stage, (dx, dy) = self._stage, self._shift(seconds)
        hold = self._forceps.at(seconds)
        edge = self._edge(seconds) + dy
        if hold is not None:  # the flap follows the forceps
            pull = edge - (hold.tip_xy[1] + 0.05)
            edge = edge - pull * np.exp(-(((stage.x - hold.tip_xy[0]) / 0.22) ** 2))
        flap = step(edge - stage.y - 0.02 * self._wobble, 0.0, 0.02)
        floor = step(stage.y - (self._edge(seconds) + dy + 0.34) - 0.03 * self._wobble, 0.0, 0.03)
        moved = (round(dy * stage.height), round(dx * stage.height))
        mucosa, submucosa, muscle = (np.roll(layer, moved, (0, 1)) for layer in (self._mucosa, self._submucosa, self._muscle))
        board = submucosa + floor[..., None] * (muscle - submucosa)
        board += flap[..., None] * (mucosa - board)
        shadow = np.exp(-(((stage.y - edge - 0.03) / 0.03) ** 2)) * (1 - flap)
        board *= (1.0 - 0.45 * shadow)[..., None]
        board = board.astype(np.float32)
        knife = self._knife.at(seconds)
        if knife is not None:
            self._draw_knife(board, knife)
        if hold is not None:
            self._draw_forceps(board, hold)
        return board

    def tools(self, seconds: float) -> tuple[SeenTool, ...]:
        found: list[SeenTool] = []
        for name, motion, length, margin in (("forceps", self._forceps, 0.14, 0.03), ("knife", self._knife, 0.12, 0.02)):
            pose = motion.at(seconds)
            if pose is None or math.dist(pose.tip_xy, (0.5 * self._stage.aspect, 0.5)) > _LENS:
                continue
            box = self._stage.box([ahead(pose.tip_xy, pose.angle + math.pi, length), pose.tip_xy], margin, _LENS)
            if box is not None:
                found.append(SeenTool(name, box))
        return tuple(found)

    def _shift(self, seconds: float) -> Point:
        """The endoscope's breathing and sway; wide while the camera is adjusted."""
        wide = 0.05 if self.script.action_at(seconds).label == ADJUST else 0.012
        one, two, three, four = self._sway
        return (
            wide * (math.sin(1.7 * seconds + one) + 0.4 * math.sin(4.1 * seconds + two)),
            wide * (math.sin(1.3 * seconds + three) + 0.4 * math.sin(3.7 * seconds + four)),
        )

    def _edge(self, seconds: float) -> float:
        """Where the flap ends, from the top; dissection moves it up."""
        return 0.52 - 0.20 * float(np.interp(seconds, *self._done))

    def _routes(
        self, actions: tuple[Segment, ...], middle: float, rng: np.random.Generator
    ) -> tuple[list[Waypoint], list[Waypoint]]:
        resting = Pose((middle + 0.12, 0.40), 2.4, 0.1)
        forceps = [Waypoint(0.0, resting)]
        knife = [Waypoint(0.0, Pose((middle - 0.1, 1.1), -math.pi / 2, 0.0), away=True)]
        for part in actions:
            begin, end = part.span.start_seconds, part.span.end_seconds
            rise = min(1.0, 0.4 * (end - begin))
            held = forceps[-1].pose
            forceps.append(Waypoint(begin, held))
            if part.label in _FORCEPS:
                dx, dy = _FORCEPS[part.label]
                place = (
                    middle + 0.10 + dx + float(rng.normal(0, 0.03)),
                    self._edge(begin) - 0.10 + dy + float(rng.normal(0, 0.02)),
                )
                forceps.append(Waypoint(end - 0.2 * (end - begin), Pose(place, 2.4 + float(rng.normal(0, 0.15)), 0.05)))
            elif part.label == POSITION_BOTH:
                for share in (0.35, 0.7):
                    aside = (held.tip_xy[0] + float(rng.normal(0, 0.06)), self._edge(begin) - 0.06 + float(rng.normal(0, 0.04)))
                    forceps.append(Waypoint(begin + share * (end - begin), Pose(aside, 2.4, 0.2)))
            if part.label in _WITH_KNIFE:
                knife += self._strokes(part, middle, rise, rng)
        return forceps, knife

    def _strokes(self, part: Segment, middle: float, rise: float, rng: np.random.Generator) -> list[Waypoint]:
        begin, end = part.span.start_seconds, part.span.end_seconds
        outside = Pose((middle - 0.06, 1.08), -math.pi / 2, 0.0)
        made = [Waypoint(begin, outside)]
        clock, side = begin + rise, -1.0
        while clock < end - rise:
            wide = 0.18 if part.label == DISSECT else 0.05
            place = (middle - 0.04 + side * wide * float(rng.uniform(0.6, 1.0)), self._edge(clock) + float(rng.uniform(0.02, 0.07)))
            made.append(Waypoint(clock, Pose(place, -math.pi / 2 + 0.5 * side, 0.0)))
            clock += float(rng.uniform(0.7, 1.4))
            side = -side
        return [*made, Waypoint(end, outside, away=True)]

    def _draw_knife(self, board: Board, pose: Pose) -> None:
        back = pose.angle + math.pi
        sheath = ahead(pose.tip_xy, back, 0.05)
        self._stage.tube(board, [ahead(pose.tip_xy, back, 1.0), sheath], [0.034, 0.030], (228, 226, 210), 0.3)
        self._stage.tube(board, [sheath, pose.tip_xy], [0.008, 0.005], (205, 205, 210), 1.0)

    def _draw_forceps(self, board: Board, pose: Pose) -> None:
        back = pose.angle + math.pi
        joint = ahead(pose.tip_xy, back, 0.10)
        self._stage.tube(board, [ahead(pose.tip_xy, back, 1.0), joint], [0.040, 0.036], (70, 92, 120), 0.5)
        for side in (-0.08 - 0.5 * pose.opening, 0.08 + 0.5 * pose.opening):
            self._stage.tube(
                board, [joint, ahead(joint, pose.angle + side, 0.06), pose.tip_xy], [0.022, 0.018, 0.010], (186, 188, 192), 0.8
            )


def _progress(actions: tuple[Segment, ...], seconds: float) -> tuple[list[float], list[float]]:
    """Times and shares (0..1) of what is dissected; it grows while the knife dissects and at no other time."""
    total = sum(part.span.duration_seconds for part in actions if part.label == DISSECT) or 1.0
    times, shares, done = [0.0], [0.0], 0.0
    for part in actions:
        if part.label == DISSECT:
            times += [part.span.start_seconds, part.span.end_seconds]
            shares += [done / total, (done + part.span.duration_seconds) / total]
            done += part.span.duration_seconds
    return [*times, seconds], [*shares, shares[-1]]
