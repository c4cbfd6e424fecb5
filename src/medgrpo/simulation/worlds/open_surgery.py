"""Open surgery from a camera on the surgeon's head: gloved hands and tools over a draped field; the head sways and looks away.

Phases are those of MedVidBench's EgoSurgery list, tools carry EgoSurgery's names; lengths and ways are ours, fitted to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from medgrpo.core import Span
from medgrpo.simulation.texture import Field, fractal, smooth
from medgrpo.simulation.worlds.motion import Motion, Point, Pose, Waypoint
from medgrpo.simulation.worlds.script import Deed, SeenTool, Segment, WorldScript, gapless
from medgrpo.simulation.worlds.stage import Board, Rgb, Stage, ahead, paint


@dataclass(frozen=True, slots=True)
class Step:
    """A phase: its share of the time, the tool in the right hand and in the left (EgoSurgery's names), what is done to what."""

    share: float
    right: str
    left: str | None
    verb: str
    target: str


STEPS: Mapping[str, Step] = {
    "preparation": Step(1.0, "Gauze", None, "wipes", "the skin"),
    "design": Step(1.0, "Skewer", None, "marks", "the line of the incision"),
    "incision": Step(1.2, "Scalpel", "Gauze", "cuts", "the skin"),
    "dissection": Step(3.0, "Electric Cautery", "Tweezers", "divides", "the tissue below the skin"),
    "hemostasis": Step(1.3, "Bipolar Forceps", "Gauze", "coagulates", "bleeding points"),
    "irrigation": Step(0.8, "Syringe", "Suction Cannula", "flushes", "the wound"),
    "closure": Step(3.0, "Needle Holders", "Tweezers", "sutures", "the wound edges"),
    "dressing": Step(0.8, "Gauze", None, "covers", "the closed wound"),
}
_COLOURS: Mapping[str, Rgb] = {
    "Gauze": (232, 230, 224), "Skewer": (70, 60, 150), "Scalpel": (190, 196, 204), "Electric Cautery": (40, 96, 200),
    "Tweezers": (176, 180, 188), "Bipolar Forceps": (200, 180, 70), "Syringe": (222, 228, 232), "Suction Cannula": (150, 156, 162),
    "Needle Holders": (160, 150, 120),
}  # fmt: skip


class OpenSurgery:
    """The world of EgoSurgery, drawn."""

    name = "open-surgery"
    labels = tuple(STEPS)

    def stage(self, width: int, height: int, rng: np.random.Generator) -> Stage:
        return Stage(width, height, rng, noise=float(rng.uniform(3.0, 5.0)), light=float(rng.uniform(0.9, 1.2)))

    def scene(self, stage: Stage, seconds: float, rng: np.random.Generator) -> _Scene:
        return _Scene(stage, _phases(seconds, rng), seconds, rng)


def _phases(seconds: float, rng: np.random.Generator) -> tuple[Segment, ...]:
    """In order; now and then bleeding is stopped in the middle of dissection, and dissection goes on after it."""
    order = list(STEPS)
    if rng.random() < 0.5:
        place = order.index("dissection") + 1
        order[place:place] = ["hemostasis", "dissection"]
    return gapless([(name, STEPS[name].share * float(rng.lognormal(0, 0.3)) / order.count(name)) for name in order], seconds)


class _Scene:
    mask: Field | None = None

    def __init__(self, stage: Stage, phases: tuple[Segment, ...], seconds: float, rng: np.random.Generator) -> None:
        deeds = tuple(
            Deed(part.span, STEPS[part.label].right.lower(), STEPS[part.label].verb, STEPS[part.label].target) for part in phases
        )
        self.script = WorldScript(seconds, phases, phases, deeds)
        self._stage = stage
        self._middle = (0.5 * stage.aspect, 0.5)
        self._sway = [float(v) for v in rng.uniform(0, 2 * math.pi, 4)]
        self._away = _looks_away(seconds, rng)
        gloves: tuple[Rgb, ...] = ((226, 220, 200), (150, 190, 160), (120, 160, 205))
        self._glove = gloves[int(rng.integers(3))]
        self._line = ((self._middle[0] - 0.22, 0.52 + float(rng.normal(0, 0.03))), (self._middle[0] + 0.22, 0.48))
        self._field, self._room = self._backgrounds(rng)
        self._hands = {side: Motion(self._route(side, phases, rng), 0.005, rng) for side in ("right", "left")}

    def draw(self, seconds: float) -> Board:
        stage = self._stage
        if self._looks_away(seconds):
            return np.roll(self._room, round(stage.height * 0.3 * math.sin(2.0 * seconds)), 1)
        dx, dy = self._shift(seconds)
        board = np.roll(self._field, (round(dy * stage.height), round(dx * stage.height)), (0, 1))
        self._wound(board, seconds, (dx, dy))
        for side in ("left", "right"):
            pose, tool = self._hand(side, seconds)
            if pose is not None:
                if tool is not None:
                    self._tool(board, tool, pose)
                self._palm(board, pose, 1.0 if side == "right" else -1.0)
        return board

    def tools(self, seconds: float) -> tuple[SeenTool, ...]:
        found: list[SeenTool] = []
        if self._looks_away(seconds):
            return ()
        for side in ("left", "right"):
            pose, tool = self._hand(side, seconds)
            if pose is None:
                continue
            if tool is not None:
                margin = 0.06 if tool == "Gauze" else 0.02
                back = pose.angle + math.pi
                box = self._stage.box([ahead(pose.tip_xy, back, 0.0 if tool == "Gauze" else 0.18), pose.tip_xy], margin)
                found += [SeenTool(tool, box)] if box is not None else []
            palm = self._stage.box([ahead(pose.tip_xy, pose.angle + math.pi, 0.24)], 0.11)
            found += [SeenTool(f"own {side} hand", palm)] if palm is not None else []
        return tuple(found)

    def _looks_away(self, seconds: float) -> bool:
        return any(span.start_seconds <= seconds < span.end_seconds for span in self._away)

    def _shift(self, seconds: float) -> Point:
        one, two, three, four = self._sway
        return (
            0.05 * math.sin(0.5 * seconds + one) + 0.015 * math.sin(1.9 * seconds + two),
            0.04 * math.sin(0.4 * seconds + three) + 0.015 * math.sin(2.3 * seconds + four),
        )

    def _hand(self, side: str, seconds: float) -> tuple[Pose | None, str | None]:
        """The hand's pose in the picture, and its tool. The head's sway moves both."""
        step = STEPS[self.script.phase_at(seconds).label]
        pose = self._hands[side].at(seconds)
        if pose is None:
            return None, None
        dx, dy = self._shift(seconds)
        moved = Pose((pose.tip_xy[0] + dx, pose.tip_xy[1] + dy), pose.angle, pose.opening)
        return moved, step.right if side == "right" else step.left

    def _route(self, side: str, phases: tuple[Segment, ...], rng: np.random.Generator) -> list[Waypoint]:
        """Work along the wound: there and back by strokes; out of the picture while tools are changed."""
        way = 1.0 if side == "right" else -1.0
        outside = Pose((self._middle[0] + way * 0.7, 1.35), -math.pi / 2 - way * 0.5, 0.2)
        made = [Waypoint(0.0, outside, away=True)]
        for part in phases:
            begin, end = part.span.start_seconds, part.span.end_seconds
            if side == "left" and STEPS[part.label].left is None:
                continue
            come = min(1.2, 0.15 * (end - begin))
            made.append(Waypoint(begin, outside))
            clock, share = begin + come, 0.0
            while clock < end - come:
                (x0, y0), (x1, y1) = self._line
                along = 0.5 + 0.5 * math.sin(share)
                place = (
                    x0 + along * (x1 - x0) + way * 0.03 + float(rng.normal(0, 0.01)),
                    y0 + along * (y1 - y0) + float(rng.normal(0, 0.02)),
                )
                angle = -math.pi / 2 - way * (0.55 + 0.1 * float(rng.normal()))
                made.append(Waypoint(clock, Pose(place, angle, float(rng.uniform(0, 0.6)))))
                clock += float(rng.uniform(0.6, 1.6))
                share += 0.7
            made.append(Waypoint(end, outside, away=True))
        return made

    def _wound(self, board: Board, seconds: float, shift: Point) -> None:
        """What has been done so far: the drawn line, the cut that opens, blood, the stitches that close it, the dressing."""
        line = [(x + shift[0], y + shift[1]) for x, y in self._line]
        span = {part.label: part.span for part in self.script.phases if part.label != "dissection"}
        if self._share(span["design"], seconds) > 0:
            self._stage.line(board, _part(line, self._share(span["design"], seconds)), 0.006, (60, 50, 150), 0.8)
        cut = self._share(span["incision"], seconds)
        if cut <= 0:
            return
        closed = self._share(span["closure"], seconds)
        depth = 0.012 + 0.035 * self._dissected(seconds)
        self._stage.line(board, _part(line, cut), depth, (150, 34, 34))
        if closed < 1:
            self._stage.line(board, _part(line, cut), 0.6 * depth, (96, 18, 20))
        if closed > 0:
            self._stage.line(board, _part(line, closed), depth, (206, 150, 126))
            for stitch in range(int(closed * 9)):
                (x, y) = _part(line, (stitch + 0.5) / 9)[-1]
                self._stage.line(board, [(x - 0.01, y - 0.035), (x + 0.01, y + 0.035)], 0.004, (30, 34, 90))
        bleeding = [part.span for part in self.script.phases if part.label == "hemostasis"]
        if any(part.start_seconds - 2 < seconds < part.end_seconds for part in bleeding):
            for share in (0.3, 0.62):
                self._stage.disc(board, _part(line, share)[-1], 0.03, (150, 8, 14), 0.5)
        if self._share(span["dressing"], seconds) > 0.5:
            self._stage.line(board, line, 0.075, (234, 232, 226))

    def _dissected(self, seconds: float) -> float:
        """How much of dissection is done; it may come in two stretches."""
        spans = [part.span for part in self.script.phases if part.label == "dissection"]
        done = sum(self._share(span, seconds) * span.duration_seconds for span in spans)
        return done / sum(span.duration_seconds for span in spans)

    @staticmethod
    def _share(span: Span, seconds: float) -> float:
        return min(1.0, max(0.0, (seconds - span.start_seconds) / span.duration_seconds))

    def _tool(self, board: Board, tool: str, pose: Pose) -> None:
        colour, back = _COLOURS[tool], pose.angle + math.pi
        grip = ahead(pose.tip_xy, back, 0.22)
        if tool == "Gauze":
            self._stage.disc(board, pose.tip_xy, 0.065, colour, 0.5)
        elif tool in ("Tweezers", "Bipolar Forceps", "Needle Holders"):
            for side in (-0.12 - 0.2 * pose.opening, 0.12 + 0.2 * pose.opening):
                self._stage.tube(
                    board, [grip, ahead(grip, pose.angle + side, 0.13), pose.tip_xy], [0.012, 0.010, 0.005], colour, 0.9
                )
        else:
            thick = 0.028 if tool == "Syringe" else 0.014
            neck = ahead(pose.tip_xy, back, 0.07)
            self._stage.tube(board, [grip, neck], [thick, thick], colour, 0.6)
            self._stage.tube(board, [neck, pose.tip_xy], [0.009, 0.004], (206, 208, 214), 1.0)

    def _palm(self, board: Board, pose: Pose, way: float) -> None:
        back = pose.angle + math.pi
        palm = ahead(pose.tip_xy, back, 0.26)
        self._stage.tube(board, [ahead(palm, back + 0.2 * way, 0.9), palm], [0.12, 0.085], self._glove, 0.1)
        for finger in range(4):
            knuckle = ahead(palm, pose.angle + way * (0.55 - 0.32 * finger), 0.09)
            self._stage.tube(
                board,
                [palm, knuckle, ahead(pose.tip_xy, back + way * 0.15 * (1.5 - finger), 0.14)],
                [0.03, 0.026, 0.018],
                self._glove,
                0.1,
            )

    def _backgrounds(self, rng: np.random.Generator) -> tuple[Board, Board]:
        stage = self._stage
        shape = (stage.height, stage.width)
        drapes: tuple[Rgb, ...] = ((44, 110, 104), (54, 92, 140), (70, 120, 110))
        board = paint(drapes[int(rng.integers(3))], 1.0 + 0.10 * smooth(rng, shape, stage.height / 5))
        tones: tuple[Rgb, ...] = ((224, 176, 148), (198, 146, 112), (150, 100, 72), (104, 68, 50))
        skin = paint(tones[int(rng.integers(4))], 1.0 + 0.04 * fractal(rng, shape, 8.0))
        window = (np.abs(stage.x - self._middle[0]) < 0.36) & (np.abs(stage.y - 0.5) < 0.24)
        board[window] = skin[window]
        room = paint((120, 128, 134), 1.0 + 0.5 * smooth(rng, shape, stage.height / 3))
        return board, np.clip(room, 0, 255)


def _looks_away(seconds: float, rng: np.random.Generator) -> tuple[Span, ...]:
    """Now and then the surgeon looks up, for one to three seconds."""
    spans: list[Span] = []
    clock = float(rng.exponential(30.0))
    while clock < seconds - 3:
        spans.append(Span(clock, clock + float(rng.uniform(1.0, 3.0))))
        clock = spans[-1].end_seconds + float(rng.exponential(40.0))
    return tuple(spans)


def _part(line: list[Point], share: float) -> list[Point]:
    """The first `share` of a straight line."""
    (x0, y0), (x1, y1) = line
    return [(x0, y0), (x0 + share * (x1 - x0), y0 + share * (y1 - y0))]
