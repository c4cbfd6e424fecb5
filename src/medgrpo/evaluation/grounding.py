"""How well every statement of an analysis is grounded: evidence that exists, sources that exist, and no contradiction by the truth.

Reads `analysis.jsonl` line by line as plain JSON, on purpose without the types that wrote it: it is a check of them. What is kept
in memory is the times of the looks, and the few records that the truth of a simulated case is compared with.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgrpo.core import DataError
from medgrpo.evaluation.contradiction import contradicted
from medgrpo.evaluation.truth import CaseTruth
from medgrpo.knowledge import Procedure, load_procedure

ANALYSIS_NAME = "analysis.jsonl"
STATEMENTS = ("finding", "alert", "forecast", "thought", "unusual_order")
RECORDS = ("phase", "step", "sub_goal", "action", "event", "clear")
_CITED = ("alert", "clear", "forecast", "thought", "unusual_order", "sub_goal")  # and findings that are inferred
_LEVELS = {"alert": "alert", "clear": "clear"}
_SHOWN = 20  # faults listed, so that a broken file does not fill the screen


@dataclass(slots=True)
class KindCounts:
    """One kind of record. A record is `bare` when none of its evidence times is a look of the video."""

    made: int = 0
    with_evidence: int = 0
    abstained: int = 0  # thoughts that commit to nothing and show nothing
    need_citation: int = 0
    with_citation: int = 0
    unknown_citation: int = 0
    contradicted: int = 0

    @property
    def without_evidence(self) -> int:
        return self.made - self.with_evidence - self.abstained


@dataclass(slots=True)
class Grounding:
    """The counts of one analysis; `against_truth` tells whether contradictions could be looked for."""

    kinds: dict[str, KindCounts] = field(default_factory=dict[str, KindCounts])
    refused: Counter[str] = field(default_factory=Counter[str])  # by decision: chains that the checker refused
    language: dict[str, Any] | None = None  # what the verifier of language counted, where a model was asked
    looks: int = 0
    duration_seconds: float = 0.0
    against_truth: bool = False
    faults: list[str] = field(default_factory=list[str])

    @property
    def without_evidence(self) -> int:
        return sum(one.without_evidence for one in self.kinds.values())

    @property
    def grounded_share(self) -> float | None:
        """Of the statements, those with evidence; None when nothing was said."""
        made = [self.kinds[kind] for kind in STATEMENTS if kind in self.kinds]
        total = sum(one.made for one in made)
        return (total - sum(one.without_evidence for one in made)) / total if total else None

    @property
    def cited_share(self) -> float | None:
        """Of what needs a source, that whose sources all exist in the procedure."""
        total = sum(one.need_citation for one in self.kinds.values())
        return sum(one.with_citation for one in self.kinds.values()) / total if total else None

    def as_json(self) -> dict[str, Any]:
        names = ("made", "with_evidence", "abstained", "without_evidence", "need_citation", "with_citation", "unknown_citation")
        more = ("contradicted",) if self.against_truth else ()
        return {
            "looks": self.looks,
            "duration_seconds": self.duration_seconds,
            "grounded_share": self.grounded_share,
            "cited_share": self.cited_share,
            "without_evidence": self.without_evidence,
            "refused_by_checker": dict(self.refused),
            "language": self.language,
            "kinds": {kind: {name: getattr(counts, name) for name in (*names, *more)} for kind, counts in self.kinds.items()},
            "faults": self.faults,
        }


def measure_grounding(path: Path, truth: CaseTruth | None = None) -> Grounding:
    """Count over one analysis: its folder, or its `analysis.jsonl`.

    DataError names the line that is no record. With `truth` (of the simulated case that was analysed) contradictions are counted.
    """
    file = path / ANALYSIS_NAME if path.is_dir() else path
    result, times = Grounding(against_truth=truth is not None), set[float]()
    procedure: Procedure | None = None
    kept: list[tuple[str, dict[str, Any]]] = []
    for number, kind, value in _records(file):
        try:
            if kind == "header":
                procedure = load_procedure(str(value["options"]["procedure"]))
            elif kind == "observation":
                times.add(float(value["seconds"]))
            elif kind == "thought_refused":
                result.refused[str(value["decision"])] += 1
            elif kind == "summary":
                result.duration_seconds = float(value["duration_seconds"])
                result.language = value.get("language")
            else:
                name = _LEVELS.get(str(value["level"])) if kind == "risk" else kind
                if name is None or (kind == "sub_goal" and value["evidence"] is None):
                    continue  # nothing is claimed
                if procedure is None:
                    raise ValueError("a record before the header")
                _count(result, name, value, times, procedure)
                if truth is not None:
                    kept.append((name, value))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(file, f"line {number}: {kind}: {error!r}") from error
    if procedure is None or not result.duration_seconds:
        raise DataError(file, "is not a whole analysis: the header or the summary is missing")
    result.looks = len(times)
    if truth is not None:
        for name, why in contradicted(kept, truth, procedure):
            result.kinds[name].contradicted += 1
            _fault(result, f"{name} contradicted: {why}")
    return result


def _records(file: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    value = json.loads(line)
                    yield number, str(value["type"]), value
                except (KeyError, TypeError, json.JSONDecodeError) as error:
                    raise DataError(file, f"line {number} is not a JSON record: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(file, f"cannot be read: {error}") from error


def _count(result: Grounding, name: str, value: dict[str, Any], times: set[float], procedure: Procedure) -> None:
    counts = result.kinds.setdefault(name, KindCounts())
    counts.made += 1
    shown = _evidence(name, value)
    if name == "thought" and value.get("abstain") and not shown:
        counts.abstained += 1
    elif shown and all(seconds in times for seconds in shown):
        counts.with_evidence += 1
    else:
        _fault(result, f"{name} at {_moment(value):.1f} s: {'no evidence' if not shown else 'evidence at a time that is no look'}")
    keys, known = _citations(name, value), {citation.key for citation in procedure.citations}
    needed = name in _CITED or (name == "finding" and value["basis"] == "inferred")
    counts.need_citation += needed
    if any(key not in known for key in keys):
        counts.unknown_citation += 1
        _fault(result, f"{name} at {_moment(value):.1f} s cites what is not in the procedure: {', '.join(set(keys) - known)}")
    elif needed and keys:
        counts.with_citation += 1
    elif needed:
        _fault(result, f"{name} at {_moment(value):.1f} s: no citation")


def _evidence(name: str, value: dict[str, Any]) -> Sequence[float]:
    """The times of the looks that a record rests on; for a thought those of all cues, and none when one cue has none."""
    if name != "thought":
        evidence = value.get("evidence")
        return [float(seconds) for seconds in evidence["seconds"]] if evidence else []
    cues = [cue["seconds"] for cue in value["cues_seen"]]
    return [float(seconds) for cue in cues for seconds in cue] if all(cues) else []


def _citations(name: str, value: dict[str, Any]) -> list[str]:
    if name != "thought":
        return list(value.get("citations") or [])
    return [key for part in ("grounds", "risks") for one in value[part] for key in one["citations"]]


def _moment(value: dict[str, Any]) -> float:
    return float(value["seconds"] if "seconds" in value else value["span"]["start_seconds"])


def _fault(result: Grounding, words: str) -> None:
    if len(result.faults) < _SHOWN:
        result.faults.append(words)
