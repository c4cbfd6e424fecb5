"""A simulated case: its script, its pictures and its exact truth at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from medgrpo.core import Box, InputError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, VERBS, Instance, Procedure, Triplet
from medgrpo.simulation.anatomy import Anatomy
from medgrpo.simulation.canvas import Canvas
from medgrpo.simulation.motion import Motion
from medgrpo.simulation.plan import plan
from medgrpo.simulation.render import Optics, Renderer
from medgrpo.simulation.script import Deviation, Script, ViewKind
from medgrpo.simulation.tools import looks
from medgrpo.video import Image


@dataclass(frozen=True, slots=True)
class VisibleTip:
    """An instrument in the picture: what it does (the null triplet when nothing), and the rectangle round its working tip."""

    triplet: Triplet
    box_xyxy: Box


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """All that is true of one frame.

    tips: empty while the camera does not show the site or the lens is too dirty.
    blood_fraction: share of the circle covered by pooled blood.
    critical_view: two structures, cystic plate, hepatocystic triangle, each 0..2.
    """

    index: int
    seconds: float
    phase: str
    tips: tuple[VisibleTip, ...]
    view: ViewKind
    smoke: float
    blood_fraction: float
    critical_view: tuple[int, int, int]

    def instances(self) -> list[Instance]:
        """The frame's annotation as CholecT50 has it."""
        return [
            Instance(
                triplet=tip.triplet.index, instrument=INSTRUMENTS.index(tip.triplet.instrument), verb=VERBS.index(tip.triplet.verb),
                target=TARGETS.index(tip.triplet.target), phase=PHASES.index(self.phase), instrument_box=tip.box_xyxy,
            )
            for tip in self.tips
        ]  # fmt: skip


class Case:
    """One operation, made by `simulate`. Frames are drawn when asked for, in any order; equal seeds give equal pixels."""

    def __init__(
        self, script: Script, renderer: Renderer, seed: int, procedure_id: str, size_wh: tuple[int, int], rate: Fraction
    ) -> None:
        self.script, self.seed, self.procedure_id = script, seed, procedure_id
        self.size_wh, self.frame_rate = size_wh, rate
        self._renderer = renderer

    @property
    def name(self) -> str:
        return f"SIM{self.seed:04d}"

    @property
    def frame_count(self) -> int:
        return int(self.script.duration_seconds * self.frame_rate)

    def seconds(self, index: int) -> float:
        """When frame `index` is shown."""
        return float(index / self.frame_rate)

    def picture_at(self, seconds: float, *, instruments: bool = True) -> Image:
        """The picture at that moment, shape (height, width, 3), RGB."""
        return self._renderer.picture(seconds, instruments=instruments)

    def truth_at(self, seconds: float, index: int = 0) -> FrameTruth:
        """The truth at that moment; `index` is only carried along."""
        motion, renderer = self._renderer.motion, self._renderer
        view = motion.view(seconds)
        inside = view not in (ViewKind.OUTSIDE, ViewKind.BLACK)
        return FrameTruth(
            index=index, seconds=seconds, phase=self.script.phase_at(seconds).phase, view=view,
            tips=tuple(self._tips(seconds)) if motion.shows_tips(seconds) else (), smoke=motion.smoke(seconds) if inside else 0.0,
            blood_fraction=renderer.blood_fraction(seconds) if inside else 0.0, critical_view=motion.critical_view(seconds),
        )  # fmt: skip

    def truths(self) -> Iterator[FrameTruth]:
        """The truth of every frame, in order."""
        return (self.truth_at(self.seconds(index), index) for index in range(self.frame_count))

    def _tips(self, seconds: float) -> Iterator[VisibleTip]:
        renderer = self._renderer
        camera = renderer.motion.camera(seconds)
        width, height = self.size_wh
        for pose in renderer.motion.poses(seconds):
            box = renderer.visible_box(renderer.place(pose, camera))
            if box is not None:
                x0, y0, x1, y1 = box
                yield VisibleTip(pose.triplet, Box.clipped(x0 / width, y0 / height, x1 / width, y1 / height))


def simulate(
    procedure: Procedure,
    minutes: float,
    seed: int,
    deviations: Sequence[Deviation] = (),
    *,
    size_wh: tuple[int, int] = (640, 360),
    frame_rate: Fraction | int = 25,
) -> Case:
    """A whole operation of that length, with the deviations asked for. Equal arguments give an equal case, pixel for pixel.

    Phases keep the proportions of `procedure.typical_seconds`, each with a least length, so 2 minutes (the least) are a very
    compressed operation. It is a drawing: it tests the machinery and never counts as evidence of accuracy on real surgery.
    InputError names an argument that cannot be.
    """
    width, height = size_wh
    rate = Fraction(frame_rate)
    if not (160 <= width <= 3840 and 120 <= height <= 2160 and width % 2 == 0 and height % 2 == 0):
        raise InputError(f"the picture must be 160x120 to 3840x2160 with even sides, not {width}x{height}")
    if not 1 <= rate <= 120:
        raise InputError(f"the frame rate must be 1 to 120 frames a second, not {float(rate):g}")
    script = scripted(procedure, minutes, seed, deviations)
    _, patient_rng, canvas_rng, motion_rng, optics_rng = np.random.default_rng(seed).spawn(5)
    anatomy = Anatomy.of(patient_rng)
    motion = Motion(script, anatomy, motion_rng)
    optics = Optics.of(optics_rng, width, height)
    renderer = Renderer(motion, Canvas(anatomy, canvas_rng), optics, looks(optics_rng), size_wh, optics_rng)
    return Case(script, renderer, seed, procedure.id, size_wh, rate)


def scripted(procedure: Procedure, minutes: float, seed: int, deviations: Sequence[Deviation] = ()) -> Script:
    """The script of the case that `simulate` makes of these arguments, without what its pictures need."""
    if not 0 <= seed <= 9999:
        raise InputError(f"the seed must be 0 to 9999, not {seed}")
    return plan(procedure, minutes, deviations, np.random.default_rng(seed).spawn(5)[0])
