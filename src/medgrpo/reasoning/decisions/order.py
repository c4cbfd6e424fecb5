"""When a phase follows that the procedure does not expect."""

from __future__ import annotations

from medgrpo.reasoning.chain import ConclusionKind, Thought
from medgrpo.reasoning.graph import concept_of
from medgrpo.reasoning.situation import ChainBuilder, Situation


def think(situation: Situation) -> Thought | None:
    order = situation.order
    if order is None or not situation.graph.of(concept_of(order.after).id):
        return None
    chain = ChainBuilder(situation, "order", "Why did this come now?")
    chain.option("deliberate", "it is meant: something had to be done first or again")
    chain.option("look_back", "look at the video at this place: something may have been passed unseen")
    phase = chain.see_latest(concept_of(order.after).id)
    assert phase is not None
    usual = [one for one in order.expected if one != order.after]
    grounds = [chain.follows(one, order.before, order.why, order.citations) for one in usual]
    if not grounds:
        return None
    chain.conclude(ConclusionKind.UNUSUAL, order.before, (phase, *grounds))
    chain.expect_forecast()
    return chain.thought()
