"""What a step requires, as premises: shared by every decision about a step that waits for something."""

from __future__ import annotations

from collections.abc import Collection

from medgrpo.reasoning.chain import Absence, ConclusionKind
from medgrpo.reasoning.records import SubGoalLevel
from medgrpo.reasoning.situation import ChainBuilder, Situation, absence_of

UNPROVEN = "no action proves it, and this version judges no result"


def weigh_requirements(chain: ChainBuilder, situation: Situation, step: str, only: Collection[str] = ()) -> bool:
    """Add each `requires` rule of the step with its cue, seen or missing, and conclude. True when something missing was never
    looked for, so that nobody can commit. `only` names the sub-goals that matter now (all where it is empty).
    """
    shown: list[str] = []
    lacking: list[str] = []
    blind: list[str] = []
    for rule in situation.procedure.rules:
        if rule.kind != "requires" or rule.subject != step or (only and rule.object not in only):
            continue
        goal = situation.procedure.sub_goal(rule.object)
        state = goal.state or rule.object
        ground = chain.rule("requires", step, rule.object, state)
        stands = situation.sub_goal(goal.id)
        cue = chain.see_latest(state) if stands is not None and stands.level is SubGoalLevel.ACHIEVED else None
        if cue is not None:
            shown += [cue, ground]
            continue
        why, note = absence_of(stands, situation.unseen)
        if not goal.achieved_by and why is Absence.NOT_SEEN:
            why, note = Absence.NOT_PERCEIVED, UNPROVEN
        missing = chain.miss(state, goal.criterion, why, note)
        lacking += [missing, ground]
        blind += [missing] if why is not Absence.NOT_SEEN else []
    if lacking:
        chain.conclude(ConclusionKind.NOT_SHOWN, step, lacking)
    elif shown:
        chain.conclude(ConclusionKind.SHOWN, step, shown)
    if blind:
        chain.conclude(ConclusionKind.ABSTAINED, step, blind)
    return bool(blind)


def weigh_prohibitions(chain: ChainBuilder, situation: Situation, step: str) -> None:
    """Add each `forbids` rule of the step whose state holds now."""
    now = situation.graph.at(situation.now)
    for rule in situation.procedure.rules:
        if rule.kind == "forbids" and rule.subject == step and now.of(rule.object):
            cue = chain.see_latest(rule.object)
            assert cue is not None
            chain.conclude(ConclusionKind.FORBIDDEN, step, (cue, chain.rule("forbids", step, rule.object)))
