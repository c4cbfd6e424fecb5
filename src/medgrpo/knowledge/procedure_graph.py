"""A procedure as a graph: every phase can be reached and left, and the rules neither go in a circle nor contradict one another."""

from __future__ import annotations

from collections.abc import Iterator

from medgrpo.knowledge.fault import Fault, instead, repeated
from medgrpo.knowledge.procedure import Procedure
from medgrpo.knowledge.vocabulary import Vocabulary
from medgrpo.knowledge.vocabulary_checks import find_cycle


def graph_faults(procedure: Procedure) -> Iterator[Fault]:
    """Phases that the first one never leads to, and phases from which no way leads to an end."""
    ids = {phase.id for phase in procedure.phases}
    following = {phase.id: [one.phase for one in phase.followed_by if one.phase in ids] for phase in procedure.phases}
    if not following:
        return
    first = procedure.phases[0].id
    starts = {phase.id for phase in procedure.phases if phase.starts_share > 0} or {first}
    reached = _reached(starts, following)
    for name in following:
        if name not in reached:
            reason = f"cannot be reached from where the operation begins, {' or '.join(sorted(starts))}"
            yield Fault(f"phase {name}", reason, "name it in the followed_by of a phase, or remove it")
    ends = {phase.id for phase in procedure.phases if not phase.followed_by or phase.ends_share > 0}
    leading: dict[str, list[str]] = {name: [] for name in following}
    for name, successors in following.items():
        for successor in successors:
            leading[successor].append(name)
    endless = set(following) - _reached(ends, leading)
    if endless:
        circle = find_cycle({name: [one for one in following[name] if one in endless] for name in sorted(endless)}) or ()
        reason = f"goes in a circle that never ends: {' -> '.join(circle)}"
        yield Fault("phases", reason, "let one of these phases lead out: another successor, or `ends_share` above 0")


def _reached(start: set[str], following: dict[str, list[str]]) -> set[str]:
    reached, ahead = set(start), list(start)
    while ahead:
        fresh = [one for one in following[ahead.pop()] if one not in reached]
        reached.update(fresh)
        ahead += fresh
    return reached


def rule_faults(procedure: Procedure, vocabulary: Vocabulary) -> Iterator[Fault]:
    """Rules that name what does not exist, go in a circle, or ask for a thing and forbid it."""
    known = {name for phase in procedure.phases for name in (phase.id, *(step.id for step in phase.steps))}
    known |= {goal.id for phase in procedure.phases for goal in phase.sub_goals}
    yield from repeated("rules", (f"{one.subject} {one.kind} {one.object}" for one in procedure.rules))
    before: dict[str, list[str]] = {}
    asked: dict[tuple[str, str], set[str]] = {}
    for rule in procedure.rules:
        entry = f"rule {rule.subject} {rule.kind} {rule.object}"
        for name in (rule.subject, rule.object):
            if name not in known and name not in vocabulary:
                reason = f"{name!r} is no phase, step or sub-goal of this file and no concept"
                yield Fault(entry, reason, instead(name, known))
        asked.setdefault((rule.subject, rule.object), set()).add(rule.kind)
        if rule.kind == "before":
            before.setdefault(rule.subject, []).append(rule.object)
        elif rule.kind == "requires":
            before.setdefault(rule.object, []).append(rule.subject)
    for goal in (goal for phase in procedure.phases for goal in phase.sub_goals):
        before.setdefault(goal.id, []).extend(goal.before)
    for (subject, object_), kinds in asked.items():
        if {"requires", "forbids"} <= kinds:
            reason = f"{subject!r} requires {object_!r} and is forbidden by it: both cannot hold"
            yield Fault(f"rules on {subject}", reason, "remove one of the two")
    circle = find_cycle(before)
    if circle is not None:
        yield Fault("rules", f"the order goes in a circle: {' -> '.join(circle)}", "remove one of these rules")
