"""R2: duct or artery cut although no clip was seen on it before."""

from __future__ import annotations

from math import inf

from medgrpo.knowledge import label
from medgrpo.reasoning.records import Event, EventKind
from medgrpo.reasoning.rules.rule import Verdict, alert, monitoring, not_assessed
from medgrpo.reasoning.state import DUCT_OR_ARTERY, KnownEvent, OperationState, moment

_NOT_TOLD_APART = ("cystic_pedicle", None)


def judge(state: OperationState) -> Verdict:
    clips = [known.event for known in state.of_kind(EventKind.CLIP_APPLIED)]
    cuts = [known for known in state.of_kind(EventKind.STRUCTURE_DIVIDED) if known.event.target in DUCT_OR_ARTERY]
    first = min((clip.span.start_seconds for clip in clips), default=inf)
    bare = [known for known in cuts if known.event.span.start_seconds <= first]
    verdict = _bare(state, clips, bare) if bare else None
    if verdict is not None:
        return verdict
    for known in cuts:
        on_it = [clip for clip in clips if _same_structure(clip, known.event)]
        if known not in bare and not on_it:
            target = label(known.event.target or "")
            return not_assessed(f"clips were seen before the division of the {target}, none of them on the {target} itself")
    if bare:
        return monitoring(f"alerted for the division at {moment(bare[0].event.span.start_seconds)}; none without a clip since")
    if not clips and (unseen := state.unseen_past()) is not None:
        return not_assessed(unseen)
    return monitoring("no division of duct or artery seen so far" if not cuts else "a clip was seen before the division")


def _bare(state: OperationState, clips: list[Event], bare: list[KnownEvent]) -> Verdict | None:
    """What is to be said of divisions before which no clip at all was seen; None once that has been said for long enough."""
    risk, known = state.config.risk, bare[0]
    if known.unseen is not None:
        return not_assessed(known.unseen)
    if known.clipper_seconds >= risk.clipper_seen_seconds:
        return not_assessed("the clipper was in sight before the division, but no act of clipping could be settled")
    if known.unseen_recent_seconds >= risk.unassessed_seconds:
        return not_assessed(
            "too much of the time just before the division could not be assessed: clips may have been placed unseen"
        )
    at = moment(known.event.span.start_seconds)
    if any(_earlier(known.event, clip) for clip in clips):
        return monitoring(f"alerted for the division at {at}; a clip was seen after it")
    if state.now - bare[-1].known_seconds >= risk.alert_hold_seconds:
        return None
    return alert(f"division of the {label(known.event.target or '')} at {at} without a clip seen before it", known.event.evidence)


def _earlier(one: Event, other: Event) -> bool:
    return one.span.start_seconds < other.span.start_seconds


def _same_structure(clip: Event, cut: Event) -> bool:
    """Whether that clip may lie on what was cut: the same tissue, or duct and artery not told apart in one of the two."""
    return clip.target == cut.target or clip.target in _NOT_TOLD_APART or cut.target in _NOT_TOLD_APART
