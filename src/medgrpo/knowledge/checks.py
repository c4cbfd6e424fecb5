"""What must hold inside a procedure file beyond its types: every name it mentions exists, every share adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from medgrpo.core import KnowledgeError
from medgrpo.knowledge.cholect50 import INSTRUMENTS, PHASES, TRIPLETS
from medgrpo.knowledge.procedure import Phase, Procedure

SHARE_TOLERANCE = 1e-6  # shares are written with two decimals: anything larger than rounding of floats is a slip

_TRIPLET_NAMES = frozenset(triplet.name for triplet in TRIPLETS)


def check_procedure(procedure: Procedure, path: Path) -> None:
    """Raise KnowledgeError for the first contradiction, naming the entry; silence means the procedure is consistent."""
    for entry, reason in _faults(procedure):
        raise KnowledgeError(path, entry, reason)


def _faults(procedure: Procedure) -> Iterator[tuple[str, str]]:
    if not procedure.phases:
        yield "phases", "a procedure needs at least one phase"
    yield from _repeated("phases", (phase.id for phase in procedure.phases))
    yield from _repeated("hazards", (hazard.id for hazard in procedure.hazards))
    yield from _repeated("citations", (citation.key for citation in procedure.citations))
    yield from _repeated("steps", (step.id for phase in procedure.phases for step in phase.steps))
    keys = {citation.key for citation in procedure.citations}
    phase_ids = {phase.id for phase in procedure.phases}
    used: set[str] = set()
    for phase in procedure.phases:
        yield from _phase_faults(phase, phase_ids)
        yield from _citation_faults(f"phase {phase.id}", phase.citations, keys)
        used.update(phase.citations)
        for step in phase.steps:
            entry = f"phase {phase.id}, step {step.id}"
            yield from ((entry, _unknown_triplet(name)) for name in step.seen_by if name not in _TRIPLET_NAMES)
            yield from _citation_faults(entry, step.citations, keys)
            used.update(step.citations)
    for hazard in procedure.hazards:
        entry = f"hazard {hazard.id}"
        yield from ((entry, f"no phase {name!r} in this file") for name in hazard.phases if name not in phase_ids)
        yield from _citation_faults(entry, hazard.citations, keys)
        used.update(hazard.citations)
    for citation in procedure.citations:
        if citation.key not in used:
            yield f"citation {citation.key}", "nothing cites it; remove it or cite it"
        if not citation.checked and not citation.note:
            yield f"citation {citation.key}", "an unchecked citation needs a note that says what is known of it"


def _phase_faults(phase: Phase, phase_ids: set[str]) -> Iterator[tuple[str, str]]:
    entry = f"phase {phase.id}"
    if phase.id not in PHASES:
        yield entry, f"not a phase of CholecT50; known are {', '.join(PHASES)}"
    low, middle, high = phase.typical_seconds
    if not 0 < low <= middle <= high:
        yield entry, f"typical_seconds must be 0 < low <= middle <= high, got {phase.typical_seconds}"
    yield from ((entry, f"no instrument {name!r} in CholecT50") for name in phase.instruments if name not in INSTRUMENTS)
    yield from _repeated(f"{entry}, actions", (action.triplet for action in phase.actions))
    for action in phase.actions:
        if action.triplet not in _TRIPLET_NAMES:
            yield entry, _unknown_triplet(action.triplet)
        elif action.triplet.split(",")[0] not in phase.instruments:
            yield entry, f"action {action.triplet!r} uses an instrument that the phase does not list"
    yield from _share_faults(f"{entry}, actions", [action.share for action in phase.actions])
    yield from _repeated(f"{entry}, followed_by", (successor.phase for successor in phase.followed_by))
    for successor in phase.followed_by:
        if successor.phase not in phase_ids:
            yield entry, f"followed by {successor.phase!r}, which is no phase in this file"
        if successor.phase == phase.id:
            yield entry, "a phase does not follow itself"
    if phase.followed_by:  # the last phase of an operation has no successor
        yield from _share_faults(f"{entry}, followed_by", [successor.share for successor in phase.followed_by])


def _share_faults(entry: str, shares: list[float]) -> Iterator[tuple[str, str]]:
    if abs(sum(shares) - 1) > SHARE_TOLERANCE:
        yield entry, f"shares must sum to 1, they sum to {sum(shares):.4f}"


def _citation_faults(entry: str, cited: tuple[str, ...], keys: set[str]) -> Iterator[tuple[str, str]]:
    if not cited:
        yield entry, "has no citation"
    yield from ((entry, f"cites {key!r}, which is not among the citations") for key in cited if key not in keys)


def _repeated(entry: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield from ((entry, f"{name!r} stands there {count} times") for name, count in Counter(names).items() if count > 1)


def _unknown_triplet(name: str) -> str:
    return f"{name!r} is none of the {len(TRIPLETS)} triplets of CholecT50"
