"""What a world is, and a case of one: script, pictures and truth at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from medgrpo.simulation.texture import Field
from medgrpo.simulation.worlds.script import SeenTool, WorldFrame, WorldScript
from medgrpo.simulation.worlds.stage import Board, Stage
from medgrpo.video import Image


class Scene(Protocol):
    """One case of a world, ready to be drawn: made from its script, its drawing board and its own random numbers."""

    @property
    def script(self) -> WorldScript: ...

    @property
    def mask(self) -> Field | None:
        """What the lens leaves of the picture (1 seen, 0 black), shape (height, width); None: all."""
        ...

    def draw(self, seconds: float) -> Board:
        """The picture of a moment without grain."""
        ...

    def tools(self, seconds: float) -> tuple[SeenTool, ...]:
        """The tools in that picture."""
        ...


class World(Protocol):
    """A kind of procedure that can be drawn. `name` is what the command line calls it; `labels` are all actions that may occur."""

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    def scene(self, stage: Stage, seconds: float, rng: np.random.Generator) -> Scene:
        """A case of that length; equal generators give equal cases."""
        ...

    def stage(self, width: int, height: int, rng: np.random.Generator) -> Stage:
        """The drawing board with this world's light and noise."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class WorldCase:
    """One case, made by `simulate_world`. Frames are drawn when asked for, in any order; equal seeds give equal pixels."""

    world: str
    labels: tuple[str, ...]
    seed: int
    size_wh: tuple[int, int]
    frame_rate: Fraction
    stage: Stage
    scene: Scene

    @property
    def name(self) -> str:
        return f"{self.world}-{self.seed:04d}"

    @property
    def script(self) -> WorldScript:
        return self.scene.script

    @property
    def frame_count(self) -> int:
        return int(self.script.duration_seconds * self.frame_rate)

    def seconds(self, index: int) -> float:
        """When frame `index` is shown."""
        return float(index / self.frame_rate)

    def picture_at(self, seconds: float) -> Image:
        """The picture at that moment, shape (height, width, 3), RGB."""
        return self.stage.finish(self.scene.draw(seconds), round(seconds * 1000), self.scene.mask)

    def truth_at(self, seconds: float, index: int = 0) -> WorldFrame:
        """The truth at that moment; `index` is only carried along."""
        script = self.script
        phase, action = script.phase_at(seconds).label, script.action_at(seconds).label
        return WorldFrame(index, seconds, phase, action, self.scene.tools(seconds))

    def truths(self) -> Iterator[WorldFrame]:
        """The truth of every frame, in order."""
        return (self.truth_at(self.seconds(index), index) for index in range(self.frame_count))
