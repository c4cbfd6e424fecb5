"""When the gallbladder is dissected from its bed: the plane, and what lies on either side of it."""

from __future__ import annotations

from medgrpo.reasoning.chain import Absence, Thought
from medgrpo.reasoning.graph import concept_of
from medgrpo.reasoning.situation import ChainBuilder, Situation

BED = "gallbladder-dissection"


def think(situation: Situation) -> Thought | None:
    if not situation.begins(BED):
        return None
    chain = ChainBuilder(situation, "keep_plane", "Is the plane between gallbladder and liver kept?")
    chain.option("keep", "stay in the plane, on the gallbladder's side")
    chain.option("bed", "look at the bed for blood and bile before the last attachment is cut")
    phase = chain.see_phase()
    chain.miss("anatomy:tissue_plane", "the plane itself", Absence.NOT_PERCEIVED)
    concept, structures = concept_of(BED).id, situation.procedure.phase(BED).structures_at_risk
    chain.at_risk("gallbladder_perforation", concept, phase, ("gallbladder wall",))
    chain.at_risk("bleeding", concept, phase, structures[:2])
    chain.expect_forecast()
    return chain.thought()
