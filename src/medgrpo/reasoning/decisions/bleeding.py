"""When more blood is visible than before, or a vessel is coagulated again and again."""

from __future__ import annotations

from medgrpo.reasoning.chain import Absence, Thought
from medgrpo.reasoning.decisions.requirements import weigh_prohibitions
from medgrpo.reasoning.situation import ChainBuilder, Situation

_ACTS_NAMED = 3
_COLOUR = "blood is measured by colour, its source is not recognised"


def think(situation: Situation) -> Thought | None:
    if not situation.alerts("bleeding"):
        return None
    chain = ChainBuilder(situation, "bleeding", "How to meet the bleeding?")
    chain.option("compress", "compress first, rinse and see the source")
    chain.option("coagulate", "coagulate under view")
    chain.option("help", "get help or convert when it does not stop")
    state = chain.see_latest("state:view_bleeding")
    cue, condition = state, "state:view_bleeding"
    if cue is None:
        coagulations = situation.acts(("action:coagulate",), ("anatomy:blood_vessel",))
        if not coagulations:
            return None
        cue, *_ = [chain.see_act(edge) for edge in coagulations[:_ACTS_NAMED]]
        condition = "action:coagulate"
    else:
        weigh_prohibitions(chain, situation, "clip_structures")
    chain.miss("finding:bleeding", "where it bleeds from", Absence.NOT_PERCEIVED, _COLOUR)
    chain.at_risk("bleeding", condition, cue)
    chain.expect_forecast()
    return chain.thought()
