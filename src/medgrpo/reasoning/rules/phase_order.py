"""R8, a note: the operation went back to an earlier phase."""

from __future__ import annotations

from medgrpo.knowledge import label
from medgrpo.reasoning.evidence import evidence_of
from medgrpo.reasoning.rules.rule import NO_PHASE, Verdict, alert, monitoring, not_assessed
from medgrpo.reasoning.state import OperationState, moment


def judge(state: OperationState) -> Verdict:
    back, risk = state.returned, state.config.risk
    if back is not None and state.now - back.known_seconds < risk.return_seconds:
        back = None  # not before it has lasted
    if back is None and state.phase is None:
        return not_assessed(NO_PHASE)
    if back is None or state.latest is None or state.now - back.known_seconds >= risk.return_seconds + risk.alert_hold_seconds:
        return monitoring("no return to an earlier phase" if back is None else "no further return to an earlier phase")
    why = f"return from {label(back.before)} to {label(back.after)}, noted at {moment(back.known_seconds)}"
    return alert(why, evidence_of(state.latest, state.phase_confidence))
