"""Bench-top suturing: two robotic needle drivers close a line on a pad with four stitches. Bright, still, and easy to see."""

from __future__ import annotations

import math

import numpy as np

from medgrpo.simulation.texture import Field, fractal
from medgrpo.simulation.worlds.bench_plan import GESTURES, Pad, Trial, trial
from medgrpo.simulation.worlds.motion import Motion, Point, Pose
from medgrpo.simulation.worlds.script import SeenTool, WorldScript
from medgrpo.simulation.worlds.stage import Board, Rgb, Stage, ahead, paint

_STEEL: Rgb = (172, 176, 184)
_DARK: Rgb = (58, 60, 66)
_THREAD: Rgb = (40, 70, 170)


class BenchSuturing:
    """The world of JIGSAWS' suturing task, drawn."""

    name = "bench-suturing"
    labels = tuple(GESTURES.values())

    def stage(self, width: int, height: int, rng: np.random.Generator) -> Stage:
        return Stage(width, height, rng, noise=float(rng.uniform(1.5, 3.0)), light=float(rng.uniform(0.92, 1.08)))

    def scene(self, stage: Stage, seconds: float, rng: np.random.Generator) -> _Scene:
        pad = Pad(0.5 * stage.aspect + float(rng.normal(0, 0.02)))
        ease = float(rng.uniform(0, 1))
        return _Scene(stage, trial(pad, seconds, ease, rng), pad, rng)


class _Scene:
    mask: Field | None = None

    def __init__(self, stage: Stage, plan: Trial, pad: Pad, rng: np.random.Generator) -> None:
        self.script: WorldScript = plan.script
        self._stage, self._plan = stage, plan
        self._left, self._right = Motion(plan.left, plan.tremor, rng), Motion(plan.right, plan.tremor, rng)
        self._base = self._background(pad, rng)

    def draw(self, seconds: float) -> Board:
        board = self._base.copy()
        left, right = self._poses(seconds)
        for stitch in self._plan.stitches:
            if seconds >= stitch.done_seconds:
                self._stage.line(board, [stitch.entry, stitch.exit], 0.006, _THREAD)
        holder = right if self._holds_right(seconds) else left
        pulled = [stitch for stitch in self._plan.stitches if seconds >= stitch.done_seconds]
        tail = pulled[-1].exit if pulled else ahead(right.tip_xy, 0.6, 0.35)
        self._stage.line(board, [tail, _between(tail, holder.tip_xy), holder.tip_xy], 0.004, _THREAD)
        for pose in (left, right):
            self._driver(board, pose)
        self._needle(board, holder)
        return board

    def tools(self, seconds: float) -> tuple[SeenTool, ...]:
        left, right = self._poses(seconds)
        found: list[SeenTool] = []
        for name, pose in (("left needle driver", left), ("right needle driver", right)):
            box = self._stage.box([ahead(pose.tip_xy, pose.angle + math.pi, 0.12), pose.tip_xy], 0.022)
            if box is not None:
                found.append(SeenTool(name, box))
        needle = self._stage.box(_arc(right if self._holds_right(seconds) else left), 0.006)
        return (*found, SeenTool("needle", needle)) if needle is not None else tuple(found)

    def _poses(self, seconds: float) -> tuple[Pose, Pose]:
        left, right = self._left.at(seconds), self._right.at(seconds)
        if left is None or right is None:
            raise AssertionError("both needle drivers stay in the picture")
        return left, right

    def _holds_right(self, seconds: float) -> bool:
        return any(span.start_seconds <= seconds <= span.end_seconds for span in self._plan.needle_right)

    def _driver(self, board: Board, pose: Pose) -> None:
        back = pose.angle + math.pi
        wrist, end = ahead(pose.tip_xy, back, 0.12), ahead(pose.tip_xy, back, 1.4)
        self._stage.tube(board, [end, wrist], [0.030, 0.028], _DARK, 0.4)
        self._stage.disc(board, wrist, 0.026, _STEEL)
        spread = 0.05 + 0.45 * pose.opening
        for side in (-spread, spread):
            knee = ahead(wrist, pose.angle + side, 0.06)
            self._stage.tube(board, [wrist, knee, pose.tip_xy], [0.018, 0.014, 0.008], _STEEL, 0.9)

    def _needle(self, board: Board, holder: Pose) -> None:
        points = _arc(holder)
        self._stage.tube(board, points, [0.005] * len(points), (210, 214, 220), 1.0)

    def _background(self, pad: Pad, rng: np.random.Generator) -> Board:
        stage = self._stage
        shade = 1.0 + 0.06 * fractal(rng, (stage.height, stage.width), stage.height / 10)
        board = paint((96, 104, 112), shade)
        skin: Rgb = (float(rng.uniform(205, 235)), float(rng.uniform(165, 195)), float(rng.uniform(140, 165)))
        inside = (np.abs(stage.x - pad.middle_x) < 0.36) & (np.abs(stage.y - 0.48) < 0.42)
        board[inside] = (paint(skin, 1.0 + 0.03 * fractal(rng, (stage.height, stage.width), 6.0)))[inside]
        stage.line(board, [(pad.middle_x, 0.12), (pad.middle_x, 0.84)], 0.008, (150, 60, 60))
        for stitch in range(4):
            for dot in (pad.entry(stitch), pad.exit(stitch)):
                stage.disc(board, dot, 0.012, (30, 30, 34))
        return board


def _between(one: Point, other: Point) -> Point:
    """The sagging middle of a thread."""
    return (0.5 * (one[0] + other[0]), 0.5 * (one[1] + other[1]) + 0.12 * math.dist(one, other))


def _arc(holder: Pose) -> list[Point]:
    """The needle: a half circle held at its tail, in the driver's tip."""
    middle = ahead(holder.tip_xy, holder.angle - math.pi / 2, 0.045)
    start = math.atan2(holder.tip_xy[1] - middle[1], holder.tip_xy[0] - middle[0])
    return [ahead(middle, start + math.pi * share / 8, 0.045) for share in range(9)]
