"""What must hold inside a procedure file beyond its types: every name it mentions exists, every share adds up, no circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from medgrpo.core import KnowledgeError
from medgrpo.knowledge.fault import Fault, instead, repeated
from medgrpo.knowledge.procedure import Phase, Procedure, SubGoal
from medgrpo.knowledge.procedure_graph import graph_faults, rule_faults
from medgrpo.knowledge.vocabulary import Vocabulary
from medgrpo.knowledge.world import World, worlds

SHARE_TOLERANCE = 1e-6  # shares are written with two decimals: anything larger than rounding of floats is a slip


def check_procedure(procedure: Procedure, path: Path, vocabulary: Vocabulary) -> None:
    """Raise KnowledgeError for the first fault, naming the entry; silence means the procedure is consistent."""
    for fault in procedure_faults(procedure, vocabulary):
        raise KnowledgeError(path, fault.entry, f"{fault.reason}: {fault.remedy}")


def procedure_faults(procedure: Procedure, vocabulary: Vocabulary) -> Iterator[Fault]:
    """Every fault of a procedure file."""
    if not procedure.phases:
        yield Fault("phases", "a procedure needs at least one phase", "add a [[phases]] entry")
    known = worlds(vocabulary)
    if procedure.vocabulary not in known:
        yield Fault(
            "vocabulary", f"{procedure.vocabulary!r} is no data set of the vocabulary", instead(procedure.vocabulary, known)
        )
        return
    if procedure.concept is not None:
        yield from _concept_faults("concept", procedure.concept, vocabulary)
    yield from repeated("phases", (phase.id for phase in procedure.phases))
    yield from repeated("hazards", (hazard.id for hazard in procedure.hazards))
    yield from repeated("bail_outs", (one.id for one in procedure.bail_outs))
    yield from repeated("citations", (citation.key for citation in procedure.citations))
    yield from repeated("steps", (step.id for phase in procedure.phases for step in phase.steps))
    yield from repeated("sub_goals", (one.id for phase in procedure.phases for one in phase.sub_goals))
    phase_ids = [phase.id for phase in procedure.phases]
    step_ids = [step.id for phase in procedure.phases for step in phase.steps]
    world = World(procedure.vocabulary, vocabulary)
    for phase in procedure.phases:
        yield from _phase_faults(phase, phase_ids, world)
        for step in phase.steps:
            entry = f"phase {phase.id}, step {step.id}"
            yield from (_unknown_action(entry, name, world) for name in step.seen_by if name not in world.actions)
        for goal in phase.sub_goals:
            yield from _sub_goal_faults(phase, goal, [*phase_ids, *step_ids], world, vocabulary)
    if any(phase.starts_share for phase in procedure.phases):
        yield from _share_faults("phases, starts_share", [phase.starts_share for phase in procedure.phases])
    yield from _surroundings(procedure, phase_ids, vocabulary)
    yield from graph_faults(procedure)
    yield from rule_faults(procedure, vocabulary)
    yield from _citations(procedure)


def _phase_faults(phase: Phase, phase_ids: list[str], world: World) -> Iterator[Fault]:
    entry = f"phase {phase.id}"
    if phase.id not in world.phases:
        yield Fault(entry, f"{phase.id!r} is not a phase of {world.title}", instead(phase.id, world.phases))
    low, middle, high = phase.typical_seconds
    if not 0 < low <= middle <= high < float("inf"):
        reason = f"typical_seconds must be 0 < low <= middle <= high, got {phase.typical_seconds}"
        yield Fault(entry, reason, "write three numbers of seconds in rising order")
    for name in phase.instruments:
        if name not in world.instruments:
            yield Fault(entry, f"no instrument {name!r} in {world.title}", instead(name, world.instruments))
    yield from repeated(f"{entry}, actions", (action.triplet for action in phase.actions))
    for action in phase.actions:
        if action.triplet not in world.actions:
            yield _unknown_action(entry, action.triplet, world)
        elif world.key == "cholect50" and action.triplet.split(",")[0] not in phase.instruments:
            reason = f"action {action.triplet!r} uses an instrument that the phase does not list"
            yield Fault(entry, reason, f"add {action.triplet.split(',')[0]!r} to its instruments")
    yield from _share_faults(f"{entry}, actions", [action.share for action in phase.actions])
    yield from repeated(f"{entry}, followed_by", (successor.phase for successor in phase.followed_by))
    for successor in phase.followed_by:
        if successor.phase not in phase_ids:
            reason = f"followed by {successor.phase!r}, which is no phase in this file"
            yield Fault(entry, reason, instead(successor.phase, phase_ids))
        if successor.phase == phase.id:
            yield Fault(entry, "a phase does not follow itself", "remove it from followed_by; its length is in typical_seconds")
    if phase.followed_by:  # a phase without successors ends the operation
        yield from _share_faults(f"{entry}, followed_by", [*(one.share for one in phase.followed_by), phase.ends_share])


def _sub_goal_faults(phase: Phase, goal: SubGoal, places: list[str], world: World, vocabulary: Vocabulary) -> Iterator[Fault]:
    entry = f"phase {phase.id}, sub_goal {goal.id}"
    steps = [step.id for step in phase.steps]
    if not goal.steps:
        yield Fault(entry, "no step works towards it", "name at least one step of this phase in `steps`")
    for name in goal.steps:
        if name not in steps:
            yield Fault(entry, f"{name!r} is no step of this phase", instead(name, steps))
    for name in goal.before:
        if name not in places:
            yield Fault(entry, f"{name!r}, which is to wait for it, is no phase or step in this file", instead(name, places))
    yield from (_unknown_action(entry, name, world) for name in goal.achieved_by if name not in world.actions)
    if goal.state is not None:
        yield from _concept_faults(entry, goal.state, vocabulary)


def _surroundings(procedure: Procedure, phase_ids: list[str], vocabulary: Vocabulary) -> Iterator[Fault]:
    """Hazards, landmarks, variants, bail-outs and grades: their concepts, phases and hazards exist."""
    hazard_ids = [hazard.id for hazard in procedure.hazards]
    placed: list[tuple[str, str | None, tuple[str, ...], tuple[str, ...]]] = [
        *((f"hazard {one.id}", one.concept, one.phases, ()) for one in procedure.hazards),
        *((f"landmark {one.concept}", one.concept, one.phases, ()) for one in procedure.landmarks),
        *((f"variant {one.concept}", one.concept, one.phases, one.hazards) for one in procedure.variants),
        *((f"bail_out {one.id}", one.concept, one.phases, one.hazards) for one in procedure.bail_outs),
    ]
    for entry, concept, phases, hazards in placed:
        if concept is not None:
            yield from _concept_faults(entry, concept, vocabulary)
        for name in phases:
            if name not in phase_ids:
                yield Fault(entry, f"no phase {name!r} in this file", instead(name, phase_ids))
        for name in hazards:
            if name not in hazard_ids:
                yield Fault(entry, f"no hazard {name!r} in this file", instead(name, hazard_ids))
    for one in procedure.difficulty:
        yield from _concept_faults(f"difficulty {one.grade}", one.scale, vocabulary)
        yield from _concept_faults(f"difficulty {one.grade}", one.grade, vocabulary)
    yield from repeated("difficulty", (f"{one.scale} {one.level}" for one in procedure.difficulty))


def _citations(procedure: Procedure) -> Iterator[Fault]:
    keys = {citation.key for citation in procedure.citations}
    citing: list[tuple[str, tuple[str, ...]]] = []
    for phase in procedure.phases:
        citing.append((f"phase {phase.id}", phase.citations))
        citing += ((f"phase {phase.id}, step {step.id}", step.citations) for step in phase.steps)
        citing += ((f"phase {phase.id}, sub_goal {goal.id}", goal.citations) for goal in phase.sub_goals)
    citing += ((f"hazard {one.id}", one.citations) for one in procedure.hazards)
    citing += ((f"landmark {one.concept}", one.citations) for one in procedure.landmarks)
    citing += ((f"variant {one.concept}", one.citations) for one in procedure.variants)
    citing += ((f"bail_out {one.id}", one.citations) for one in procedure.bail_outs)
    citing += ((f"difficulty {one.grade}", one.citations) for one in procedure.difficulty)
    citing += ((f"rule {one.subject} {one.kind} {one.object}", one.citations) for one in procedure.rules)
    for entry, cited in citing:
        if not cited:
            yield Fault(entry, "has no citation", "say where it comes from: a key of [[citations]]")
        for key in cited:
            if key not in keys:
                yield Fault(entry, f"cites {key!r}, which is not among the citations", instead(key, keys))
    used = {key for _, cited in citing for key in cited}
    for citation in procedure.citations:
        entry = f"citation {citation.key}"
        if citation.key not in used:
            yield Fault(entry, "nothing cites it", "remove it or cite it")
        if not citation.checked and not citation.note:
            yield Fault(entry, "an unchecked citation needs a note that says what is known of it", "write its `note`")


def _concept_faults(entry: str, concept: str, vocabulary: Vocabulary) -> Iterator[Fault]:
    if concept not in vocabulary:
        kind = concept.split(":", 1)[0]
        same = [one.id for one in vocabulary.concepts if one.kind == kind] or ["anatomy:...", "finding:...", "state:..."]
        yield Fault(entry, f"{concept!r} is no concept of the vocabulary", instead(concept, same))


def _share_faults(entry: str, shares: list[float]) -> Iterator[Fault]:
    if abs(sum(shares) - 1) > SHARE_TOLERANCE:
        yield Fault(entry, f"shares must sum to 1, they sum to {sum(shares):.4f}", "change them until they do")


def _unknown_action(entry: str, name: str, world: World) -> Fault:
    reason = f"{name!r} is none of the {len(world.actions)} {world.actions_are} of {world.title}"
    return Fault(entry, reason, instead(name, world.actions))


def places(procedure: Procedure) -> Iterable[str]:
    """Landmarks and structures at risk as the file writes them, each once."""
    written = (
        name for phase in procedure.phases for part in (phase, *phase.steps) for name in (*part.landmarks, *part.structures_at_risk)
    )
    return dict.fromkeys(written)
