"""A procedure as data: phases, steps, sub-goals, landmarks, hazards, each with its citation. One TOML file is one procedure.

Names of phases, instruments and actions are those of one world, which the file names as `vocabulary`: a data set's own keys
("cholect50", "copesd", "avos", "egosurgery", "jigsaws", "nurvid") or names of our concepts of the right kind.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, Field

from medgrpo.core import Config
from medgrpo.knowledge.citation import Citation


class ExpectedAction(Config):
    """An action that belongs to a phase and how much of the phase's action time it takes.

    `triplet` is a CholecT50 triplet name; a file of another world writes `action` instead and gives that world's name.
    """

    triplet: str = Field(validation_alias=AliasChoices("triplet", "action"))
    share: float = Field(gt=0, le=1)


class Successor(Config):
    """What may follow a phase, and how often it does (the shares of one phase and its `ends_share` sum to 1)."""

    phase: str
    share: float = Field(gt=0, le=1)


class Step(Config):
    """A smaller goal inside a phase. `seen_by` are the actions whose sight means that this step is being done."""

    id: str
    name: str
    goal: str
    seen_by: tuple[str, ...] = ()
    landmarks: tuple[str, ...] = ()
    structures_at_risk: tuple[str, ...] = ()
    citations: tuple[str, ...]


class SubGoal(Config):
    """A state that a phase is to reach, such as a criterion of the critical view.

    `steps` of the same phase work towards it. `achieved_by` are actions whose completion means that it is reached; where there are
    none, doing the steps does not prove it: the picture has to be judged. `before` are phases and steps that must wait for it.
    """

    id: str
    name: str
    criterion: str
    state: str | None = None
    steps: tuple[str, ...]
    achieved_by: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    citations: tuple[str, ...]


class Phase(Config):
    """One phase. `typical_seconds` is low, middle, high of its length.

    `starts_share` is how often the operation begins with it (all 0: it begins with the first phase), `ends_share` how often it ends
    with it.
    """

    id: str
    name: str
    goal: str
    typical_seconds: tuple[float, float, float]
    landmarks: tuple[str, ...]
    structures_at_risk: tuple[str, ...]
    instruments: tuple[str, ...]
    actions: tuple[ExpectedAction, ...]
    steps: tuple[Step, ...]
    sub_goals: tuple[SubGoal, ...] = ()
    followed_by: tuple[Successor, ...]
    starts_share: float = Field(default=0.0, ge=0, le=1)
    ends_share: float = Field(default=0.0, ge=0, le=1)
    citations: tuple[str, ...]


class Hazard(Config):
    """Something that may go wrong, when, and what guidance says to do. `priority` as IEC 60601-1-8 would grade it."""

    id: str
    name: str
    phases: tuple[str, ...]
    why: str
    advice: str
    priority: Literal["high", "medium", "low", "information"]
    concept: str | None = None
    citations: tuple[str, ...]


class Landmark(Config):
    """A structure by which one finds one's way: what it tells, and in which phases."""

    concept: str
    tells: str
    phases: tuple[str, ...]
    citations: tuple[str, ...]


class Variant(Config):
    """Anatomy that differs from the usual: what it changes, which hazards it makes worse, and what to do about it."""

    concept: str
    changes: str
    advice: str
    phases: tuple[str, ...]
    hazards: tuple[str, ...] = ()
    citations: tuple[str, ...]


class BailOut(Config):
    """A safe way out when the usual way is too dangerous: when to think of it, and how it goes."""

    id: str
    concept: str
    when: str
    how: str
    phases: tuple[str, ...]
    hazards: tuple[str, ...] = ()
    citations: tuple[str, ...]


class Difficulty(Config):
    """One grade of a scale of difficulty. `level` counts from 1, the easiest; `expect` is what it means for the operation."""

    scale: str
    grade: str
    level: int = Field(ge=1, le=10)
    expect: str
    citations: tuple[str, ...]


class Rule(Config):
    """What must hold between two things of the procedure: ids of its phases, steps and sub-goals, or concepts (`kind:name`).

    `before`: `subject` comes before `object`. `requires`: `subject` is done only once `object` is there. `forbids`: while `object`
    holds, `subject` is not done.
    """

    subject: str
    kind: Literal["before", "requires", "forbids"]
    object: str
    why: str
    citations: tuple[str, ...]


class Procedure(Config):
    """A whole procedure. `load_procedure` checks that every id it mentions exists."""

    id: str
    name: str
    vocabulary: str = "cholect50"
    concept: str | None = None
    phases: tuple[Phase, ...]
    hazards: tuple[Hazard, ...]
    landmarks: tuple[Landmark, ...] = ()
    variants: tuple[Variant, ...] = ()
    bail_outs: tuple[BailOut, ...] = ()
    difficulty: tuple[Difficulty, ...] = ()
    rules: tuple[Rule, ...] = ()
    citations: tuple[Citation, ...]

    def phase(self, phase_id: str) -> Phase:
        return next(phase for phase in self.phases if phase.id == phase_id)

    def hazard(self, hazard_id: str) -> Hazard:
        return next(hazard for hazard in self.hazards if hazard.id == hazard_id)

    def citation(self, key: str) -> Citation:
        return next(citation for citation in self.citations if citation.key == key)

    def sub_goal(self, sub_goal_id: str) -> SubGoal:
        return next(one for phase in self.phases for one in phase.sub_goals if one.id == sub_goal_id)
