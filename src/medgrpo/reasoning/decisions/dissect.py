"""When the dissection of the hepatocystic triangle settles: where to go on, and what is still to be seen."""

from __future__ import annotations

from medgrpo.knowledge import PHASES
from medgrpo.reasoning.chain import Absence, ConclusionKind, Thought
from medgrpo.reasoning.decisions.requirements import UNPROVEN
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
        if goal.state is not None:
            why, note = (Absence.NOT_SEEN, "") if goal.achieved_by else (Absence.NOT_PERCEIVED, UNPROVEN)
            chain.miss(goal.state, goal.criterion, why, "; ".join(filter(None, (note, _before(situation)))))
    sulcus = chain.miss(_LANDMARK, "Rouvière's sulcus, the level of the line of safety", Absence.NOT_PERCEIVED)
    concept, structures = concept_of(CALOT).id, situation.procedure.phase(CALOT).structures_at_risk
    chain.at_risk("dangerous_zone", concept, phase, structures[:2])
    chain.at_risk("vascular_injury", concept, phase, structures[2:3])
    chain.conclude(ConclusionKind.ABSTAINED, "dangerous_zone", (sulcus,))
    chain.expect_forecast()
    return chain.thought("the line of safety cannot be drawn: its landmarks are not among what this version sees")


def _before(situation: Situation) -> str:
    """What cannot be known where no other phase was recognised before."""
    earlier = any(situation.graph.of(concept_of(one).id) for one in PHASES if one != CALOT)
    return "" if earlier else "the video begins with this phase: what was done before is not seen"


_RECENT_SECONDS = 30.0
