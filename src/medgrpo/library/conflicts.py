"""Where sources contradict each other. Nothing is resolved here: both claims stay, and a person sees both. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from medgrpo.library.records import Claim, ClaimRelation, Modality

_FOR = frozenset({Modality.MUST, Modality.SHOULD, Modality.MAY})
_AGAINST = frozenset({Modality.MUST_NOT, Modality.SHOULD_NOT})
_ONE_WAY = frozenset(
    {
        ClaimRelation.PART_OF,
        ClaimRelation.PRECEDES,
        ClaimRelation.BRANCH_OF,
        ClaimRelation.DRAINS_INTO,
        ClaimRelation.IDENTIFIED_BEFORE,
    }
)
_OPPOSITE = {
    frozenset({ClaimRelation.REQUIRES, ClaimRelation.CONTRAINDICATES}),
    frozenset({ClaimRelation.INDICATES, ClaimRelation.CONTRAINDICATES}),
    frozenset({ClaimRelation.CAUSES, ClaimRelation.PREVENTS}),
}


Statement = tuple[str, ClaimRelation, str, Modality, bool, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two statements that cannot both hold, each by the first claim that makes it, and why.

    `same_condition` is False where they speak of different circumstances.
    """

    first: Claim
    second: Claim
    why: str
    same_condition: bool


def statement(claim: Claim) -> Statement:
    """What a claim says, wherever it says it: claims that say the same have the same conflicts."""
    return claim.subject, claim.relation, claim.object, claim.modality, claim.negated, _words(claim.condition)


def find_conflicts(claims: Iterable[Claim]) -> tuple[Conflict, ...]:
    """Every pair of statements, not rejected, that contradict each other; in the order in which they are first made."""
    said: set[Statement] = set()
    by_concepts: dict[frozenset[str], list[Claim]] = defaultdict(list)
    found: list[Conflict] = []
    for claim in claims:
        if claim.status == "rejected" or statement(claim) in said:
            continue
        said.add(statement(claim))
        earlier = by_concepts[frozenset((claim.subject, claim.object))]
        for other in earlier:
            why = contradiction(other, claim)
            if why is not None:
                found.append(Conflict(other, claim, why, _words(other.condition) == _words(claim.condition)))
        earlier.append(claim)
    return tuple(found)


def contradiction(first: Claim, second: Claim) -> str | None:
    """Why two claims about the same two concepts contradict each other; None where they do not. Conditions apart."""
    same_way = (first.subject, first.object) == (second.subject, second.object)
    symmetric = first.relation is ClaimRelation.ADJACENT_TO
    if first.relation is second.relation:
        if same_way or symmetric:
            if first.negated != second.negated:
                return "one affirms what the other denies"
            if (first.modality in _FOR and second.modality in _AGAINST) or (first.modality in _AGAINST and second.modality in _FOR):
                return f"one says {first.modality.value}, the other {second.modality.value}"
        elif first.relation in _ONE_WAY and not first.negated and not second.negated:
            return f"each says {first.relation.value} the other way round"
        return None
    opposite = frozenset({first.relation, second.relation}) in _OPPOSITE
    about_the_same = same_way or ClaimRelation.REQUIRES in {first.relation, second.relation}
    if opposite and about_the_same and not first.negated and not second.negated:
        return f"one says {first.relation.value}, the other {second.relation.value}"
    return None


def _words(condition: str | None) -> str:
    return " ".join((condition or "").casefold().split())
