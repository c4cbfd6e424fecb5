"""R6 as information: a long dissection of the hepatocystic triangle. The difficulty grade that R6 asks for is not assessed."""

from __future__ import annotations

from medgrpo.reasoning.evidence import evidence_of
from medgrpo.reasoning.rules.rule import NO_PHASE, Verdict, alert, monitoring, not_assessed
from medgrpo.reasoning.state import CALOT, OperationState


def judge(state: OperationState) -> Verdict:
    high = state.procedure.phase(CALOT).typical_seconds[2] * state.config.risk.prolonged_factor
    since = state.calot_since
    if state.phase == CALOT and state.latest is not None and since is not None and state.now - since > high:
        why = f"dissection of the hepatocystic triangle for more than {high / 60:.0f} minutes; the difficulty grade is not assessed"
        return alert(why, evidence_of(state.latest, state.phase_confidence))
    if state.phase is None:
        return not_assessed(NO_PHASE)
    return monitoring("dissection of the hepatocystic triangle not unusually long; the difficulty grade is not assessed")
