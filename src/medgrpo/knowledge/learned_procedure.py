"""A learned procedure as a `Procedure`, so that whatever works on procedures works on it: each action is a phase."""

from __future__ import annotations

from medgrpo.knowledge.learning import LearnedAction, LearnedProcedure, LearnedSet
from medgrpo.knowledge.procedure import ExpectedAction, Phase, Procedure, Successor
from medgrpo.knowledge.vocabulary import Vocabulary

SHORTEST_SECONDS = 0.1  # a segment of no length would be a phase of no length, which no model can hold


def as_procedure(learned: LearnedProcedure, source: LearnedSet, vocabulary: Vocabulary) -> Procedure:
    """Phases are the actions, in the order of their mean place; lengths are quartiles of their segments, shares are counted pairs.

    An action that follows itself is one phase that goes on: these pairs are left out of the shares.
    """
    starts = sum(one.starts for one in learned.actions)
    concept = vocabulary.concept(learned.procedure)
    return Procedure(
        id=_name(learned.procedure),
        name=concept.preferred,
        vocabulary=source.system,
        concept=learned.procedure,
        phases=tuple(_phase(one, starts, source, vocabulary) for one in learned.actions),
        hazards=(),
        citations=(source.citation,),
    )


def _phase(one: LearnedAction, starts: int, source: LearnedSet, vocabulary: Vocabulary) -> Phase:
    concept = vocabulary.concept(one.action)
    name = _name(one.action)
    followed = {after: count for after, count in one.followed_by.items() if after != one.action}
    total = sum(followed.values()) + one.ends
    low, middle, high = (max(SHORTEST_SECONDS, seconds) for seconds in one.seconds)
    return Phase(
        id=name,
        name=concept.preferred,
        goal=concept.definition,
        typical_seconds=(low, middle, high),
        landmarks=(),
        structures_at_risk=(),
        instruments=(),
        actions=(ExpectedAction.model_validate({"action": name, "share": 1.0}),),
        steps=(),
        followed_by=tuple(Successor(phase=_name(after), share=count / total) for after, count in followed.items()),
        starts_share=one.starts / starts,
        ends_share=one.ends / total if total else 0.0,
        citations=(source.citation.key,),
    )


def _name(concept_id: str) -> str:
    return concept_id.split(":", 1)[1]
