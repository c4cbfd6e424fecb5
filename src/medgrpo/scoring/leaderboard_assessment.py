"""cvs_assessment and skill_assessment as the leaderboard scores them: what an answer leaves out does not count."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from medgrpo.scoring.leaderboard_sources import critical_view_source, skill_source
from medgrpo.scoring.records import Record
from medgrpo.scoring.verdict import SCORED, SKIPPED, Verdict

CRITICAL_VIEW, SKILL = "cvs_assessment", "skill_assessment"
CRITICAL_VIEW_KEYS, SKILL_KEYS = ("cvs_acc",), ("sa_acc",)
_COMPONENTS = (
    ("two structures", "two_structures", re.compile(r"two structures?:\s*(\d+)")),
    ("cystic plate", "cystic_plate", re.compile(r"cystic plate:\s*(\d+)")),
    ("hepatocystic triangle", "hepatocystic_triangle", re.compile(r"hepatocystic triangle:\s*(\d+)")),
)
_USUAL = re.compile(r"Two structures: (\d+), Cystic plate: (\d+), Hepatocystic triangle: (\d+)")
_COMPONENT_NAMES = frozenset(name for _, name, _ in _COMPONENTS)
_OUT_OF_FIVE = re.compile(r"\d/5")
_ASPECT = re.compile(r"(?<=[^:]):\s*(\d+)/5")

Summary = tuple[dict[str, float], dict[str, Any]]


def parse_components(text: str) -> dict[str, int]:
    """Scores by component as the evaluator reads them: each comma part once, by the first name in it."""
    plain = _USUAL.fullmatch(text)
    if plain:
        return {name: int(grade) for (_, name, _), grade in zip(_COMPONENTS, plain.groups(), strict=True)}
    scores: dict[str, int] = {}
    for part in text.split(","):
        lowered = part.strip().lower()
        for words, name, pattern in _COMPONENTS:
            if words in lowered:
                found = pattern.search(lowered)
                if found:
                    scores[name] = int(found[1])
                break
    return scores


_known_components = lru_cache(maxsize=1024)(parse_components)
_SHORT = 200
"""Grades have few spellings: a short answer, or part of one, is read once, and what was read is shared, never changed."""


def parse_aspects(text: str) -> dict[str, int]:
    """Scores by aspect as the evaluator reads them: in each comma part the first `name: n/5`."""
    scores: dict[str, int] = {}
    for part in text.split(","):
        found = _known_aspect(part) if len(part) < _SHORT else _aspect(part)
        if found is not None:
            scores[found[0]] = found[1]
    return scores


def _aspect(part: str) -> tuple[str, int] | None:
    trimmed = part.strip()
    found = _ASPECT.search(trimmed)
    return (trimmed[trimmed.rfind(":", 0, found.start()) + 1 : found.start()].strip(), int(found[1])) if found else None


_known_aspect = lru_cache(maxsize=1024)(_aspect)


def _first_item(struc_info: object) -> Mapping[str, Any]:
    if not struc_info:
        return {}
    if isinstance(struc_info, dict):
        raise KeyError(0)
    return cast("Mapping[str, Any]", cast("Sequence[object]", struc_info)[0])


def judge_critical_view(record: Record) -> Verdict:
    """One record; raises what the evaluator raises (AttributeError, KeyError, TypeError)."""
    if not isinstance(record.prediction, str):
        raise AttributeError("the prediction is not text")
    found = _known_components(record.prediction) if len(record.prediction) < _SHORT else parse_components(record.prediction)
    given: Mapping[str, Any] = _first_item(record.struc_info).get("cvs_scores") or {}
    true: Mapping[str, Any] = {name: score for name, score in given.items() if name in _COMPONENT_NAMES} or parse_components(
        record.gnd
    )
    sum(true.values())  # the evaluator adds them up, and so fails where one is text
    right = {name: int(score == true[name]) for name, score in found.items() if name in true}
    accuracy = sum(right.values()) / len(right) if right else 0.0
    parts = {"dataset": critical_view_source(record), "parsed": found, "components": right, "component_balanced_accuracy": accuracy}
    return Verdict(SCORED, accuracy, parts, "" if right else "no component to compare: changes nothing")


def judge_skill(record: Record) -> Verdict:
    """One record; raises what the evaluator raises (AttributeError, KeyError, TypeError)."""
    if not isinstance(record.prediction, str):
        raise AttributeError("the prediction is not text")
    found = parse_aspects(record.prediction)
    first = _first_item(record.struc_info)
    level = first.get("skill_level", "")
    if not isinstance(level, str):
        raise AttributeError("the skill level is not text")
    if not _OUT_OF_FIVE.search(record.prediction):
        return Verdict(SKIPPED, None, {"parsed": found}, "no n/5 in the answer")
    if not level and not _OUT_OF_FIVE.search(record.gnd):
        return Verdict(SKIPPED, None, {"parsed": found}, "the reference has no skill level")
    true = first.get("skill_scores") or parse_aspects(record.gnd)
    right = {name: int(abs(score - true[name]) == 0) for name, score in found.items() if name in true}
    accuracy = sum(right.values()) / len(right) if right else 0.0
    parts = {"parsed": found, "aspects": right, "aspect_balanced_accuracy": accuracy}
    return Verdict(SCORED, accuracy, parts, "" if right else "no aspect to compare: changes nothing")


def summarise_critical_view(records: Sequence[Record], verdicts: Sequence[Verdict]) -> Summary:
    """Mean over components per source, then over sources."""
    return _summarise(records, verdicts, critical_view_source, ("components", "component_balanced_accuracy"), CRITICAL_VIEW_KEYS[0])


def summarise_skill(records: Sequence[Record], verdicts: Sequence[Verdict]) -> Summary:
    """Mean over aspects per source, then over sources; with the number of records that count."""
    metrics, per_source = _summarise(records, verdicts, skill_source, ("aspects", "aspect_balanced_accuracy"), SKILL_KEYS[0])
    for record, verdict in zip(records, verdicts, strict=True):
        values = per_source[skill_source(record)]
        values["parsed_records"] = values.get("parsed_records", 0) + (verdict.status == SCORED)
    return metrics, per_source


def _summarise(
    records: Sequence[Record],
    verdicts: Sequence[Verdict],
    source_of: Callable[[Record], str],
    names: tuple[str, str],
    key: str,
) -> Summary:
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        table = counts.setdefault(source_of(record), {})
        for name, right in verdict.parts.get(names[0], {}).items():
            cell = table.setdefault(name, {"correct": 0, "total": 0})
            cell["correct"] += right
            cell["total"] += 1
    per_source: dict[str, Any] = {}
    for source, table in counts.items():
        accuracies = [cell["correct"] / cell["total"] for cell in table.values()]
        per_source[source] = {names[1]: sum(accuracies) / len(accuracies) if accuracies else 0.0, names[0]: table}
    means = [values[names[1]] for values in per_source.values()]
    return {key: sum(means) / len(means) if means else 0.0}, per_source
