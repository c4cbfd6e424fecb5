"""R1, the part that can be decided: a clip on duct or artery although hardly any Calot dissection was seen before it."""

from __future__ import annotations

from medgrpo.knowledge import label
from medgrpo.reasoning.records import EventKind
from medgrpo.reasoning.rules.rule import Verdict, alert, monitoring, not_assessed
from medgrpo.reasoning.state import DUCT_OR_ARTERY, KnownEvent, OperationState, moment


def judge(state: OperationState) -> Verdict:
    risk = state.config.risk
    clips = [known for known in state.of_kind(EventKind.CLIP_APPLIED) if known.event.target in (*DUCT_OR_ARTERY, None)]
    early = [known for known in clips if known.dissection_seconds < known.minimum_dissection_seconds]
    past = _unseen(state, early[-1] if early else None)
    if past is not None:
        return not_assessed(past)
    if not early:
        seen = "no clip on duct or artery seen so far" if not clips else "dissection was seen before the clips"
        return monitoring(f"{seen}; the critical view itself is not graded")
    known = early[0]
    at = moment(known.event.span.start_seconds)
    if state.now - early[-1].known_seconds >= risk.alert_hold_seconds:
        return monitoring(f"alerted for the clip at {at}; none before dissection since")
    return alert(
        f"clip at {at} after {known.dissection_seconds:.0f} s of seen dissection of the hepatocystic triangle, less than the "
        f"{known.minimum_dissection_seconds:.0f} s that this version asks for at this operation's pace; "
        "the critical view itself is not graded",
        known.event.evidence,
    )


def _unseen(state: OperationState, early: KnownEvent | None) -> str | None:
    if early is not None and early.unseen is not None:
        return early.unseen
    unseen = state.unseen_past() if early is None else None
    if unseen is None and state.first_phase not in (None, "preparation"):
        unseen = f"the video begins with {label(state.first_phase)}: how much was dissected before is not seen"
    if unseen is None or early is not None:
        return unseen
    enough = state.dissection_before(state.now) >= state.minimum_dissection_seconds
    return None if enough else unseen
