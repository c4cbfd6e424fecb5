"""Before the first clip, and after a clip (an event is known once it is over): has what clipping requires been shown?"""

from __future__ import annotations

from medgrpo.core import Span, clock
from medgrpo.reasoning.chain import Thought
from medgrpo.reasoning.decisions.requirements import weigh_prohibitions, weigh_requirements
from medgrpo.reasoning.graph import concept_of
from medgrpo.reasoning.records import EventKind
from medgrpo.reasoning.situation import ChainBuilder, Situation, Trigger
from medgrpo.reasoning.state import CLIPPING

_DISSECTED = ("anatomy:gallbladder", "anatomy:cystic_plate", "anatomy:cystic_duct", "anatomy:cystic_artery")


def think(situation: Situation) -> Thought | None:
    clip = situation.event if situation.event is not None and situation.event.kind is EventKind.CLIP_APPLIED else None
    early = situation.alerts("clip_before_dissection")
    clips = situation.acts(("action:clip",))
    before = situation.begins(CLIPPING) and not clips
    if clip is None and not early and not before:
        return None
    at_clip = clip is not None or early
    acts = clips[:1] if at_clip else []
    span = clip.span if clip is not None else acts[0].span if acts else None
    chain = _after(situation, span) if at_clip else _ahead(situation)
    for target in _DISSECTED:
        acts += situation.acts(("action:dissect",), (target,))[:1]
    cues = [chain.see_act(edge) for edge in acts]
    blind = weigh_requirements(chain, situation, "clip_structures")
    weigh_prohibitions(chain, situation, "clip_structures")
    if early and clips:
        chain.at_risk("clip_before_dissection", "action:clip", cues[0])
    if situation.phase == CLIPPING:
        structures = situation.procedure.phase(CLIPPING).structures_at_risk[:2]
        chain.at_risk("bile_duct_injury", concept_of(CLIPPING).id, chain.see_phase(), structures)
    elif clips and at_clip:
        chain.at_risk("bile_duct_injury", "action:clip", cues[0])
    if situation.trigger is Trigger.PHASE_BEGINS:
        chain.expect_forecast()
    return chain.thought("the three criteria of the critical view are not graded by this version" if blind else None)


def _ahead(situation: Situation) -> ChainBuilder:
    chain = ChainBuilder(situation, "clip", "Clip now, or look again first?")
    chain.option("time_out", "pause, verify the critical view and the landmarks")
    chain.option("clip", "clip duct and artery")
    chain.option("image", "image the bile ducts where the anatomy stays unclear")
    return chain


def _after(situation: Situation, span: Span | None) -> ChainBuilder:
    when = "" if span is None else f" ({clock(span.start_seconds)}–{clock(span.end_seconds)})"
    chain = ChainBuilder(situation, "clip", f"Clipping was seen{when}: was the critical view shown before it?")
    chain.option("look_back", "look at the pictures from before the clips for the critical view and the landmarks")
    chain.option("time_out", "pause and verify them before going on")
    chain.option("image", "image the bile ducts where the anatomy stays unclear")
    return chain
