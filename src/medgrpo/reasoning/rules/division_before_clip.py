"""R2: duct or artery cut although no clip was seen before."""

from __future__ import annotations

from medgrpo.knowledge import label
from medgrpo.reasoning.records import EventKind
from medgrpo.reasoning.rules.rule import Verdict, alert, monitoring, not_assessed
from medgrpo.reasoning.state import DUCT_OR_ARTERY, OperationState, moment


def judge(state: OperationState) -> Verdict:
    risk = state.config.risk
    clips = [known.event.span.start_seconds for known in state.of_kind(EventKind.CLIP_APPLIED)]
    cuts = [known for known in state.of_kind(EventKind.STRUCTURE_DIVIDED) if known.event.target in DUCT_OR_ARTERY]
    bare = [known for known in cuts if not any(clip < known.event.span.start_seconds for clip in clips)]
    if not bare:
        if not clips and (unseen := state.unseen_past()) is not None:
            return not_assessed(unseen)
        return monitoring("no division of duct or artery seen so far" if not cuts else "a clip was seen before the division")
    known = bare[0]
    if known.unseen is not None:
        return not_assessed(known.unseen)
    if known.clipper_seconds >= risk.clipper_seen_seconds:
        return not_assessed("the clipper was in sight before the division, but no act of clipping could be settled")
    at = moment(known.event.span.start_seconds)
    if any(clip > known.event.span.start_seconds for clip in clips):
        return monitoring(f"alerted for the division at {at}; a clip was seen after it")
    if state.now - bare[-1].known_seconds >= risk.alert_hold_seconds:
        return monitoring(f"alerted for the division at {at}; none without a clip since")
    target = label(known.event.target or "")
    return alert(f"division of the {target} at {at} without a clip seen before it", known.event.evidence)
