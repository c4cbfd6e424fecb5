"""Which premises carry which conclusion: one small function per kind of conclusion, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medgrpo.reasoning.chain import Absence, Conclusion, ConclusionKind, Cue, Ground, GroundKind, MissingCue, Thought


@dataclass(frozen=True, slots=True)
class Premises:
    """The premises of one conclusion, looked up in its chain."""

    seen: tuple[Cue, ...]
    missing: tuple[MissingCue, ...]
    grounds: tuple[Ground, ...]

    def grounds_of(self, kind: GroundKind, subject: str) -> list[Ground]:
        return [one for one in self.grounds if one.kind is kind and one.subject == subject]

    def sees(self, concept: str) -> bool:
        return any(concept in cue.concepts for cue in self.seen)

    def misses(self, concept: str) -> bool:
        return any(cue.concept == concept for cue in self.missing)


def premises_of(thought: Thought, conclusion: Conclusion) -> Premises:
    """Raises KeyError for a premise that is not in the chain."""
    known = {one.id: one for one in (*thought.cues_seen, *thought.cues_missing, *thought.grounds)}
    found = [known[name] for name in conclusion.premises]
    return Premises(
        tuple(one for one in found if isinstance(one, Cue)),
        tuple(one for one in found if isinstance(one, MissingCue)),
        tuple(one for one in found if isinstance(one, Ground)),
    )


def _not_shown(subject: str, premises: Premises) -> bool:
    """Each requirement named is missing, and there is one."""
    required = premises.grounds_of(GroundKind.REQUIRES, subject)
    return bool(required) and all(premises.misses(one.object) for one in required)


def _shown(subject: str, premises: Premises) -> bool:
    """Each requirement named is seen, and nothing named is missing."""
    required = premises.grounds_of(GroundKind.REQUIRES, subject)
    return bool(required) and not premises.missing and all(premises.sees(one.object) for one in required)


def _forbidden(subject: str, premises: Premises) -> bool:
    return any(premises.sees(one.object) for one in premises.grounds_of(GroundKind.FORBIDS, subject))


def _at_risk(subject: str, premises: Premises) -> bool:
    """The hazard's condition (its ground's object) is seen."""
    return any(premises.sees(one.object) for one in premises.grounds_of(GroundKind.HAZARD, subject))


def _unusual(subject: str, premises: Premises) -> bool:
    """What was seen to come is none of what the procedure lets follow: the grounds say what follows, and none is seen."""
    follows = premises.grounds_of(GroundKind.FOLLOWS, subject)
    return bool(follows) and bool(premises.seen) and not any(premises.sees(one.object) for one in follows)


def _abstained(_subject: str, premises: Premises) -> bool:
    """What would decide is missing because nobody could look, not because it was looked for in vain."""
    return any(one.why is not Absence.NOT_SEEN for one in premises.missing)


SUPPORTS: dict[ConclusionKind, Callable[[str, Premises], bool]] = {
    ConclusionKind.NOT_SHOWN: _not_shown,
    ConclusionKind.SHOWN: _shown,
    ConclusionKind.FORBIDDEN: _forbidden,
    ConclusionKind.AT_RISK: _at_risk,
    ConclusionKind.UNUSUAL: _unusual,
    ConclusionKind.ABSTAINED: _abstained,
}
