"""When the view is lost, with or without energy in use: what cannot be seen cannot be judged."""

from __future__ import annotations

from medgrpo.reasoning.chain import Absence, ConclusionKind, Thought
from medgrpo.reasoning.decisions.requirements import weigh_prohibitions
from medgrpo.reasoning.graph import Edge
from medgrpo.reasoning.situation import ChainBuilder, Situation

_LOST = ("state:out_of_body", "state:view_occluded")


def think(situation: Situation) -> Thought | None:
    energy = situation.alerts("energy_without_view")
    if not energy and not situation.alerts("view"):
        return None
    chain = ChainBuilder(situation, "view", "Go on without a clear view?")
    chain.option("restore", "clean the lens, clear the smoke or bring the camera back before going on")
    chain.option("stop_energy", "keep energy off until its tip is in view")
    lost = next((one for one in _LOST if situation.graph.at(situation.now).of(one)), None)
    active: list[Edge] = situation.acts(("action:dissect", "action:coagulate", "action:cut"))[:1] if energy else []
    cue = chain.see_latest(lost) if lost is not None else None
    act = chain.see_act(active[0]) if active else None
    if cue is None and act is None:
        return None
    missing = chain.miss("anatomy:tissue_plane", "the operating field", Absence.NO_VIEW)
    chain.conclude(ConclusionKind.ABSTAINED, "view", (missing,))
    if lost is not None and cue is not None:
        chain.at_risk("view", lost, cue)
        weigh_prohibitions(chain, situation, "stop_bleeding_of_the_bed")
    if act is not None and active[0].by is not None:
        chain.at_risk("energy_without_view", active[0].by, act)
    return chain.thought("nothing can be said of the field while it is not seen")
