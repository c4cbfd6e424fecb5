"""Technical: a picture that is black, outside the body, blurred or obscured. Image measures, so judged when nothing else is."""

from __future__ import annotations

from medgrpo.reasoning.rules.rule import Verdict, alert, monitoring
from medgrpo.reasoning.state import OperationState


def judge(state: OperationState) -> Verdict:
    lost = state.view_gone or state.view_lost
    if lost is not None:
        what = "black or outside the body" if state.view_gone is not None else "blurred or obscured"
        return alert(f"the picture is {what} (an image measure)", lost.evidence.build(), lost.start_seconds)
    return monitoring("a clear picture from inside the body (an image measure)")
