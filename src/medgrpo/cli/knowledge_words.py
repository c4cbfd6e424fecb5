"""What the commands of the group `knowledge` say of documents and claims."""

from __future__ import annotations

import json
from pathlib import Path

from medgrpo.library import BuildSummary, Claim, Conflict

_CONFLICTS_SHOWN = 10


def claim_words(claim: Claim) -> str:
    """One line: `anatomy:gallbladder  supplied_by  anatomy:cystic_artery  [should, denied, if ...]`."""
    said = [claim.modality.value] if claim.modality.value != "stated" else []
    said += ["denied"] if claim.negated else []
    said += [claim.condition] if claim.condition else []
    said += [claim.strength] if claim.strength else []
    return f"{claim.subject}  {claim.relation.value}  {claim.object}" + (f"  [{'; '.join(said)}]" if said else "")


def conflict_words(conflict: Conflict) -> str:
    """One line: both claims and why they contradict each other."""
    apart = "" if conflict.same_condition else " (under different conditions)"
    return f"{claim_words(conflict.first)}  <>  {claim_words(conflict.second)}: {conflict.why}{apart}"


def build_lines(summary: BuildSummary, out: Path) -> str:
    """The summary of a build, for people."""
    lines = [f"{document.name}: {note}" for document in summary.read for note in document.notes]
    lines += summary.same_names
    lines += [f"conflict: {conflict_words(conflict)}" for conflict in summary.conflicts[:_CONFLICTS_SHOWN]]
    refused = _refused(summary)
    if refused:
        lines.append("proposals refused: " + ", ".join(f"{count} {reason}" for reason, count in refused.items()))
    lines.append(f"{len(summary.read)} documents read, {summary.unchanged} unchanged, {len(summary.failed)} could not be read")
    claims = ", ".join(f"{summary.claims[status]} {status}" for status in ("candidate", "accepted", "rejected"))
    lines.append(
        f"{out}: {summary.documents} documents, {summary.passages} passages, {summary.mentions} mentions, claims: {claims}, "
        f"{len(summary.conflicts)} conflicts"
    )
    return "\n".join(lines) + "\n"


def build_json(summary: BuildSummary) -> str:
    """The summary of a build as JSON."""
    values = {
        "read": [document.model_dump(mode="json") for document in summary.read],
        "unchanged": summary.unchanged,
        "failed": summary.failed,
        "same_names": summary.same_names,
        "documents": summary.documents,
        "passages": summary.passages,
        "mentions": summary.mentions,
        "claims": dict(summary.claims),
        "conflicts": [conflict_words(conflict) for conflict in summary.conflicts],
        "proposals_refused": _refused(summary),
    }
    return json.dumps(values, indent=1) + "\n"


def _refused(summary: BuildSummary) -> dict[str, int]:
    total: dict[str, int] = {}
    for document in summary.read:
        for reason, count in document.refused_proposals.items():
            total[reason] = total.get(reason, 0) + count
    return dict(sorted(total.items()))
