"""The CholecT50 vocabulary and its label vector: the words in which perception speaks.

Names are the data set's own keys, its misspelling included (`carlot-triangle-dissection`); show `label(...)` to people.
Source: Nwoye et al., Medical Image Analysis 78 (2022) 102433; label files of version 1.5; the triplet table of ivtmetrics 0.1.5.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from medgrpo.core import Box

INSTRUMENTS = ("grasper", "bipolar", "hook", "scissors", "clipper", "irrigator")
VERBS = ("grasp", "retract", "dissect", "coagulate", "clip", "cut", "aspirate", "irrigate", "pack", "null_verb")
TARGETS = (
    "gallbladder", "cystic_plate", "cystic_duct", "cystic_artery", "cystic_pedicle", "blood_vessel", "fluid",
    "abdominal_wall_cavity", "liver", "adhesion", "omentum", "peritoneum", "gut", "specimen_bag", "null_target",
)  # fmt: skip
PHASES = (
    "preparation", "carlot-triangle-dissection", "clipping-and-cutting", "gallbladder-dissection",
    "gallbladder-packaging", "cleaning-and-coagulation", "gallbladder-extraction",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Triplet:
    """An action: which instrument does what to which tissue. `index` is its place in the 100 of CholecT50."""

    index: int
    instrument: str
    verb: str
    target: str

    @property
    def name(self) -> str:
        return f"{self.instrument},{self.verb},{self.target}"


def _read_triplets() -> tuple[Triplet, ...]:
    text = files("medgrpo.knowledge").joinpath("data/cholect50_triplets.csv").read_text(encoding="utf-8")
    return tuple(Triplet(int(r["triplet"]), r["instrument"], r["verb"], r["target"]) for r in csv.DictReader(text.splitlines()))


TRIPLETS = _read_triplets()

_LABELS = {
    "carlot-triangle-dissection": "dissection of the hepatocystic (Calot's) triangle",
    "clipping-and-cutting": "clipping and division",
    "gallbladder-dissection": "dissection of the gallbladder from the liver bed",
    "gallbladder-packaging": "packaging of the gallbladder",
    "cleaning-and-coagulation": "cleaning and coagulation",
    "gallbladder-extraction": "extraction of the gallbladder",
    "null_verb": "no action",
    "null_target": "no target",
    "abdominal_wall_cavity": "abdominal wall or cavity",
}


def label(name: str) -> str:
    """The words shown to people for a class name of this vocabulary."""
    return _LABELS.get(name, name.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Instance:
    """One labelled action in one frame. `triplet` and `phase` are indices; None where the data set says absent (-1)."""

    triplet: int | None
    instrument: int | None
    verb: int | None
    target: int | None
    phase: int | None
    instrument_box: Box | None

    @classmethod
    def from_vector(cls, values: Sequence[float]) -> Self:
        """Read a vector of 15: triplet, instrument (id, score, x, y, w, h), verb, target (id, score, x, y, w, h), phase.

        ValueError names what is wrong. A box that leaves the picture is cut at its edge.
        """
        if len(values) != 15:
            raise ValueError(f"an instance has 15 values, got {len(values)}")
        x, y, w, h = values[3:7]
        box = None if x < 0 or y < 0 or w <= 0 or h <= 0 else Box.clipped(x, y, x + w, y + h)
        return cls(
            triplet=_index(values[0], len(TRIPLETS), "triplet"),
            instrument=_index(values[1], len(INSTRUMENTS), "instrument"),
            verb=_index(values[7], len(VERBS), "verb"),
            target=_index(values[8], len(TARGETS), "target"),
            phase=_index(values[14], len(PHASES), "phase"),
            instrument_box=box,
        )

    def to_vector(self) -> list[float]:
        """The 15 values as CholecT50 writes them; scores are 1, the target has no box."""
        box = self.instrument_box
        place = [-1.0] * 4 if box is None else [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0]
        known = [-1 if value is None else value for value in (self.triplet, self.instrument, self.verb, self.target, self.phase)]
        triplet, instrument, verb, target, phase = known
        return [triplet, instrument, 1.0, *place, verb, target, 1.0, -1.0, -1.0, -1.0, -1.0, phase]


def _index(value: float, count: int, what: str) -> int | None:
    if value == -1:
        return None
    if value != int(value) or not 0 <= value < count:
        raise ValueError(f"{what} must be -1 or a whole number in 0..{count - 1}, got {value}")
    return int(value)
