"""When the bag comes in, and when it goes out: is what it waits for there?"""

from __future__ import annotations

from medgrpo.reasoning.chain import Thought
from medgrpo.reasoning.decisions.requirements import weigh_requirements
from medgrpo.reasoning.graph import concept_of
from medgrpo.reasoning.situation import ChainBuilder, Situation

PACKAGING, EXTRACTION = "gallbladder-packaging", "gallbladder-extraction"


def think(situation: Situation) -> Thought | None:
    if situation.begins(PACKAGING):
        step, question = "bag_gallbladder", "Is the gallbladder free and ready for the bag?"
    elif situation.begins(EXTRACTION):
        step, question = "take_out_bag", "Is the gallbladder in the bag, and the bed dry?"
    else:
        return None
    chain = ChainBuilder(situation, "extract" if step == "take_out_bag" else "bag", question)
    chain.option("look", "look at the bed, the stumps and the bag once more")
    chain.option("go_on", "go on")
    phase = chain.see_phase()
    blind = weigh_requirements(chain, situation, step)
    if step == "bag_gallbladder":
        chain.at_risk("gallbladder_perforation", concept_of(PACKAGING).id, phase, ("gallbladder wall",))
    chain.expect_forecast()
    return chain.thought("what it waits for was not seen well enough" if blind else None)
