"""What perception says about one instant: typed, frozen, and either seen or not assessed, never both or neither."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite
from typing import Protocol

from medgrpo.core import Box
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.video import Frame


class ViewState(StrEnum):
    """What the camera shows. An image measure, not learned."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    BLACK = "black"
    BLURRED = "blurred"
    OBSCURED = "obscured"  # smoke, or a fouled lens


class Domain(StrEnum):
    """What kind of video this is: decides whether the learned part may speak at all."""

    CHOLECYSTECTOMY = "laparoscopic cholecystectomy"
    SIMULATED = "simulated laparoscopic cholecystectomy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tip:
    """An instrument's tip found in the picture: class name, place, and calibrated probability."""

    instrument: str
    box_xyxy: Box
    probability: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Calibrated probabilities (0..1) in the order of the CholecT50 vocabulary; phases sum to 1. Learned."""

    instruments: tuple[float, ...]
    verbs: tuple[float, ...]
    targets: tuple[float, ...]
    triplets: tuple[float, ...]
    phases: tuple[float, ...]
    tips: tuple[Tip, ...]

    def __post_init__(self) -> None:
        rows = (self.instruments, self.verbs, self.targets, self.triplets, self.phases)
        for values, names in zip(rows, (INSTRUMENTS, VERBS, TARGETS, TRIPLETS, PHASES), strict=True):
            if len(values) != len(names):
                raise ValueError(f"expected {len(names)} probabilities, got {len(values)}")
            wrong = next((place for place, value in enumerate(values) if not 0 <= value <= 1), None)  # NaN is not within either
            if wrong is not None:
                raise ValueError(f"a probability lies in 0..1, got {values[wrong]} for {names[wrong]}")


@dataclass(frozen=True, slots=True)
class View:
    """Image measures of one picture; none of them is learned.

    brightness: mean luma of the endoscope's circle, 0..1. sharpness: spread of the Laplacian of luma, 0..1 scale.
    haze: 0 clear .. 1 veiled. blood_fraction: share of the circle's area that has the colour of fresh blood.
    """

    state: ViewState
    brightness: float
    sharpness: float
    haze: float
    blood_fraction: float


@dataclass(frozen=True, slots=True)
class Observation:
    """One look. Exactly one of `seen` and `not_assessed` (the reason, in words) is set."""

    seconds: float
    view: View
    domain: Domain
    seen: Seen | None
    not_assessed: str | None
    model: str

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < inf:
            raise ValueError(f"a look has a time of 0 s or later, got {self.seconds} s")
        if (self.seen is None) == (self.not_assessed is None):
            raise ValueError(f"the look at {self.seconds} s is either seen or not assessed with a reason")
        measures = (self.view.brightness, self.view.sharpness, self.view.haze, self.view.blood_fraction)
        if not all(isfinite(measure) for measure in measures):
            raise ValueError(f"the look at {self.seconds} s has an image measure that is no number: {self.view}")
        if self.seen is not None and not all(0 <= tip.probability <= 1 for tip in self.seen.tips):
            raise ValueError(f"the look at {self.seconds} s has a tip whose probability does not lie in 0..1")


class Perceiver(Protocol):
    """The fast causal specialist. Stateful: feed it one video's frames in order; `reset` before the next video.

    `memory` is all that it carries from look to look, as text; `restore` of it in another process with the same `model`
    makes the looks that follow the same, bit for bit, as if nothing had come between.
    """

    @property
    def model(self) -> str: ...

    def look(self, frame: Frame) -> Observation: ...

    def reset(self) -> None: ...

    def memory(self) -> str: ...

    def restore(self, memory: str) -> None: ...
