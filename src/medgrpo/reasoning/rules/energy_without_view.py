"""R4 and R7: hook or bipolar at work while its tip is not found, or until the view was gone."""

from __future__ import annotations

from medgrpo.knowledge import label
from medgrpo.reasoning.rules.rule import Verdict, alert, monitoring, not_assessed
from medgrpo.reasoning.state import ENERGY_INSTRUMENTS, ENERGY_VERBS, OperationState


def judge(state: OperationState) -> Verdict:
    risk = state.config.risk
    gone, last = state.view_gone, state.energy_last_seconds
    unseen = gone is not None and state.now - gone.start_seconds >= risk.energy_unseen_seconds
    if gone is not None and unseen and last is not None and last >= gone.start_seconds - risk.energy_before_loss_seconds:
        why = "an energy device was at work when the view was lost; whether it still is cannot be seen"
        return alert(why, gone.evidence.build())
    if state.unassessed is not None:
        return not_assessed(state.unassessed)
    found = [name for name in ENERGY_INSTRUMENTS if name in state.tip_last_seconds]
    if not found and state.energy_seconds >= risk.tip_missing_seconds:
        return not_assessed("no tip of an energy device was found so far, so a missing tip means nothing")
    never: str | None = None
    for name, act in state.active.items():
        instrument, verb, _ = name.split(",")
        if instrument not in ENERGY_INSTRUMENTS or verb not in ENERGY_VERBS:
            continue
        if instrument not in found:
            if state.now - act.start_seconds >= risk.tip_missing_seconds:
                never = f"no tip of the {label(instrument)} was found so far, so its missing tip means nothing"
            continue
        if state.now - max(state.tip_last_seconds[instrument], act.start_seconds) >= risk.tip_missing_seconds:
            return alert(f"{label(instrument)} at work while its tip is not found in the picture", act.evidence.build())
    if never is not None:
        return not_assessed(never)
    return monitoring("no energy device at work without its tip in sight")
