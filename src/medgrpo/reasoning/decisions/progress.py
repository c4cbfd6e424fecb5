"""When the dissection of the triangle takes unusually long: go on, get help, or choose another way?"""

from __future__ import annotations

from medgrpo.reasoning.chain import Absence, ConclusionKind, Thought
from medgrpo.reasoning.graph import concept_of
from medgrpo.reasoning.situation import ChainBuilder, Situation
from medgrpo.reasoning.state import CALOT


def think(situation: Situation) -> Thought | None:
    if not situation.alerts("prolonged_dissection") or situation.phase != CALOT:
        return None
    chain = ChainBuilder(situation, "progress", "Go on, get help, or choose another way?")
    chain.option("go_on", "go on while the anatomy becomes clearer")
    for way in situation.procedure.bail_outs:
        if "prolonged_dissection" in way.hazards:
            chain.option(way.id, way.how)
    phase = chain.see_phase()
    grade = chain.miss("grade:parkland", "the grade of difficulty", Absence.NOT_PERCEIVED)
    chain.at_risk("prolonged_dissection", concept_of(CALOT).id, phase)
    chain.conclude(ConclusionKind.ABSTAINED, "prolonged_dissection", (grade,))
    return chain.thought("how difficult the conditions are is not graded by this version")
