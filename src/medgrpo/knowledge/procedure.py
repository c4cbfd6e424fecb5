"""A procedure as data: phases, steps, landmarks, hazards, each with its citation. One TOML file is one procedure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medgrpo.core import Config
from medgrpo.knowledge.citation import Citation


class ExpectedAction(Config):
    """An action that belongs to a phase: a CholecT50 triplet name and how much of the phase's action time it takes."""

    triplet: str
    share: float = Field(gt=0, le=1)


class Successor(Config):
    """What may follow a phase, and how often it does (shares of one phase sum to 1)."""

    phase: str
    share: float = Field(gt=0, le=1)


class Step(Config):
    """A smaller goal inside a phase. `seen_by` are the triplets whose sight means that this step is being done."""

    id: str
    name: str
    goal: str
    seen_by: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    structures_at_risk: tuple[str, ...] = ()
    citations: tuple[str, ...]


class Phase(Config):
    """One phase; `id` is the CholecT50 key. `typical_seconds` is low, middle, high of its length."""

    id: str
    name: str
    goal: str
    typical_seconds: tuple[float, float, float]
    landmarks: tuple[str, ...]
    structures_at_risk: tuple[str, ...]
    instruments: tuple[str, ...]
    actions: tuple[ExpectedAction, ...]
    steps: tuple[Step, ...]
    followed_by: tuple[Successor, ...]
    citations: tuple[str, ...]


class Hazard(Config):
    """Something that may go wrong, when, and what guidance says to do. `priority` as IEC 60601-1-8 would grade it."""

    id: str
    name: str
    phases: tuple[str, ...]
    why: str
    advice: str
    priority: Literal["high", "medium", "low", "information"]
    citations: tuple[str, ...]


class Procedure(Config):
    """A whole procedure. `load_procedure` checks that every id it mentions exists."""

    id: str
    name: str
    phases: tuple[Phase, ...]
    hazards: tuple[Hazard, ...]
    citations: tuple[Citation, ...]

    def phase(self, phase_id: str) -> Phase:
        return next(phase for phase in self.phases if phase.id == phase_id)

    def hazard(self, hazard_id: str) -> Hazard:
        return next(hazard for hazard in self.hazards if hazard.id == hazard_id)

    def citation(self, key: str) -> Citation:
        return next(citation for citation in self.citations if citation.key == key)
