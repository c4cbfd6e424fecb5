"""When the dissection of the hepatocystic triangle settles: where to go on, and what is still to be seen."""

from __future__ import annotations

from medgrpo.reasoning.chain import Absence, ConclusionKind, Thought
from medgrpo.reasoning.graph import concept_of
from medgrpo.reasoning.situation import ChainBuilder, Situation
from medgrpo.reasoning.state import CALOT

_NAMED = 3
_LANDMARK = "anatomy:rouvieres_sulcus"


def think(situation: Situation) -> Thought | None:
    if not situation.begins(CALOT):
        return None
    chain = ChainBuilder(situation, "continue_dissection", "Where to go on with the dissection?")
    chain.option("gallbladder_wall", "stay on the gallbladder wall, above Rouvière's sulcus")
    chain.option("orient", "stop and take bearings first")
    chain.option("bail_out", "think of help, imaging or a bail-out where it does not progress")
    phase = chain.see_phase()
    for edge in situation.acts(("action:dissect", "action:coagulate"))[:_NAMED]:
        if edge.span.end_seconds >= situation.now - _RECENT_SECONDS:
            chain.see_act(edge)
    for goal in situation.procedure.phase(CALOT).sub_goals:
        if goal.state is not None and not goal.achieved_by:
            chain.miss(goal.state, goal.criterion, Absence.NOT_PERCEIVED, "no action proves it, and this version judges no result")
        elif goal.state is not None:
            chain.miss(goal.state, goal.criterion, Absence.NOT_SEEN, "dissection has only begun")
    sulcus = chain.miss(_LANDMARK, "Rouvière's sulcus, the level of the line of safety", Absence.NOT_PERCEIVED)
    concept, structures = concept_of(CALOT).id, situation.procedure.phase(CALOT).structures_at_risk
    chain.at_risk("dangerous_zone", concept, phase, structures[:2])
    chain.at_risk("vascular_injury", concept, phase, structures[2:3])
    chain.conclude(ConclusionKind.ABSTAINED, "dangerous_zone", (sulcus,))
    chain.expect_forecast()
    return chain.thought("the line of safety cannot be drawn: its landmarks are not among what this version sees")


_RECENT_SECONDS = 30.0
