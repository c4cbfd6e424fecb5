"""R5 and the blood measure: more visible blood than before, or a vessel coagulated again and again."""

from __future__ import annotations

from medgrpo.reasoning.rules.rule import Verdict, alert, monitoring
from medgrpo.reasoning.state import OperationState


def judge(state: OperationState) -> Verdict:
    risk = state.config.risk
    if state.bleeding is not None:
        why = "more visible blood than before (an image measure of colour, not a recognised source of bleeding)"
        return alert(why, state.bleeding.evidence.build())
    since = state.now - risk.coagulation_window_seconds
    recent = [action for action in state.coagulations if action.span.end_seconds >= since]
    if len(recent) > risk.coagulations:
        why = f"a blood vessel coagulated more than {risk.coagulations} times within {risk.coagulation_window_seconds:.0f} s"
        return alert(why, recent[-1].evidence)
    return monitoring("visible blood at its usual level (an image measure)")
