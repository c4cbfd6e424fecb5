"""At a division: was the structure closed before it was cut?"""

from __future__ import annotations

from medgrpo.reasoning.chain import Absence, ConclusionKind, Thought
from medgrpo.reasoning.records import EventKind
from medgrpo.reasoning.situation import ChainBuilder, Situation

_CLOSED = {
    "cystic_duct": ("duct_clipped",),
    "cystic_artery": ("artery_clipped",),
    "cystic_pedicle": ("duct_clipped", "artery_clipped"),
}
_PEDICLE = "anatomy:cystic_pedicle"
_TARGET = {"duct_clipped": "anatomy:cystic_duct", "artery_clipped": "anatomy:cystic_artery"}
_UNTOLD = "which structure was divided is not told apart"
_NO_CLIP = "no clip on it was seen before the division"
_UNSETTLED = "the clipper was in sight before, and what it clipped is not told apart"


def think(situation: Situation) -> Thought | None:
    event = situation.event
    if event is None or event.kind is not EventKind.STRUCTURE_DIVIDED:
        return None
    cuts = [one for one in situation.acts(("action:cut",)) if one.span == event.span] or situation.acts(("action:cut",))
    if not cuts:
        return None  # what was divided is not told apart, so nothing can be asked of it
    chain = ChainBuilder(situation, "divide", "Was what is divided closed before?")
    chain.option("stop", "stop, look at the stump, close what is open")
    chain.option("go_on", "go on with the dissection")
    cut = chain.see_act(cuts[0])
    blind = _was_closed(chain, situation, cuts[0].span.start_seconds, _CLOSED.get(event.target or "", ()))
    if situation.alerts("division_before_clip") or blind is None:
        chain.at_risk("division_before_clip", "action:cut", cut, tuple(_named(event.target)))
    chain.expect_forecast()
    reason = "what was done before the division was not seen well enough" if event.target in _CLOSED else _UNTOLD
    return chain.thought(reason if blind else None)


def _was_closed(chain: ChainBuilder, situation: Situation, before: float, goals: tuple[str, ...]) -> bool | None:
    """None when a clip should have been seen and was not; True when nobody can say; False when it was seen."""
    step = "divide_structures"
    if not goals:
        words = "clips on both sides of the place of division"
        missing = chain.miss("material:surgical_clip", words, Absence.NOT_PERCEIVED, _UNTOLD)
        chain.conclude(ConclusionKind.ABSTAINED, step, (missing,))
        return True
    shown: list[str] = []
    lacking: list[str] = []
    unsure = situation.unseen or (_UNSETTLED if _unsettled_clip(situation, before) else None)
    for goal in (situation.procedure.sub_goal(name) for name in goals):
        state = goal.state or goal.id
        ground = chain.rule("requires", step, goal.id, state)
        clips = situation.acts(("action:clip",), (_TARGET[goal.id], _PEDICLE))
        earlier = [one for one in clips if one.span.start_seconds < before]
        if earlier:
            shown += [chain.see_as(earlier[0], state), ground]
            continue
        why = Absence.NOT_SEEN if unsure is None else Absence.NO_VIEW
        lacking += [chain.miss(state, goal.criterion, why, unsure or _NO_CLIP), ground]
    if not lacking:
        chain.conclude(ConclusionKind.SHOWN, step, shown)
        return False
    chain.conclude(ConclusionKind.NOT_SHOWN, step, lacking)
    if unsure is None:
        return None
    chain.conclude(ConclusionKind.ABSTAINED, step, [one for one in lacking if one.startswith("m")])
    return True


def _unsettled_clip(situation: Situation, before: float) -> bool:
    """The clipper was there earlier and did something that was not settled as a clip on duct or artery."""
    settled = {edge.span for edge in situation.acts(("action:clip",), (*_TARGET.values(), _PEDICLE))}
    clippers = situation.graph.of("instrument:clipper")
    return any(node.span.start_seconds < before and node.span not in settled for node in clippers)


def _named(target: str | None) -> list[str]:
    return [] if target is None else [target.replace("_", " ")]
