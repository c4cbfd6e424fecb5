"""A file of answers in, one score per record and a summary out, under one protocol or both side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, cast

from medgrpo.scoring.leaderboard import leaderboard_parts, score_leaderboard
from medgrpo.scoring.ratings import Ratings
from medgrpo.scoring.records import Record, Records
from medgrpo.scoring.similarity import Embedder
from medgrpo.scoring.strict import score_strict
from medgrpo.scoring.verdict import Verdict

Protocol = Literal["leaderboard", "strict", "both"]
PartsOf = Callable[[Record, Verdict], Mapping[str, Any]]
FORMAT_VERSION = 1


def score_file(
    records: Records,
    protocol: Protocol,
    labels: Embedder | None,
    sentences: Embedder | None,
    ratings: Mapping[str, Ratings] = MappingProxyType({}),
) -> dict[str, Any]:
    """`{"records": [...], "summary": {...}}`; under `both` one such object per protocol.

    `labels` maps free answers of next_action to labels as the leaderboard does; `sentences` scores captions by similarity,
    `ratings` by a judge: by protocol, since the leaderboard's rubric is absolute and ours comparative.
    """
    results: dict[str, Any] = {}
    if protocol != "strict":
        results["leaderboard"] = _leaderboard(records, labels, sentences, ratings.get("leaderboard"))
    if protocol != "leaderboard":
        results["strict"] = _strict(records, sentences, ratings.get("strict"))
    return results if protocol == "both" else results[protocol]


def stopped(kind: str, message: str) -> dict[str, Any]:
    """What is written where the leaderboard stops before it scores."""
    summary: dict[str, Any] = {
        "protocol": "leaderboard",
        "outcome": "error",
        "error": kind,
        "metrics": {},
        "published": None,
        "note": message,
    }
    return {"records": [], "summary": summary}


def _entries(records: Records, verdicts: Sequence[Verdict], parts: PartsOf) -> list[dict[str, Any]]:
    return [
        {"id": record.id, "status": verdict.status, "score": verdict.score, "parts": parts(record, verdict), "note": verdict.note}
        for record, verdict in zip(records.records, verdicts, strict=True)
    ]


def _counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.status] = counts.get(verdict.status, 0) + 1
    return {"records": len(verdicts), **dict(sorted(counts.items()))}


def _leaderboard(records: Records, labels: Embedder | None, sentences: Embedder | None, ratings: Ratings | None) -> dict[str, Any]:
    result = score_leaderboard(records, labels, sentences, ratings)
    summary = {
        "format_version": FORMAT_VERSION,
        "protocol": "leaderboard",
        "outcome": "ok" if result.metrics else "no_metrics",
        "metrics": result.rounded,
        "published": result.published,
        "per_data_source": result.per_data_source,
        "failed": result.failed,
        "counts": _counts(result.verdicts),
        "captions": _scored_by(ratings, sentences, "judge's grades, 1 to 5", "mean cosine similarity, 0 to 1"),
        "judge": None if ratings is None else ratings.as_json("1 to 5"),
        "label_model": None if labels is None else labels.name,
        "warnings": list(records.warnings),
    }
    return {"records": _entries(records, result.verdicts, leaderboard_parts), "summary": summary}


def _strict(records: Records, sentences: Embedder | None, ratings: Ratings | None) -> dict[str, Any]:
    result = score_strict(records, sentences, ratings=ratings)
    summary = {
        "format_version": FORMAT_VERSION,
        "protocol": "strict",
        "tasks": result.tasks,
        "counts": _counts(result.verdicts),
        "captions": _scored_by(ratings, sentences, "judge's share, 0 to 1", "cosine similarity, 0 to 1"),
        "judge": None if ratings is None else ratings.as_json("0 to 1: (mean of the five grades - 1) / 4"),
        "warnings": list(records.warnings),
    }
    return {"records": _entries(records, result.verdicts, lambda _, verdict: verdict.parts), "summary": summary}


def _scored_by(ratings: Ratings | None, sentences: Embedder | None, judged: str, similar: str) -> str:
    """How captions were scored, in words: it stands beside their figures."""
    if ratings is not None:
        told = ratings.as_json("")
        return f"{judged} ({ratings.judge}, {ratings.kind.value} rubric; {told['scored']} of {told['pairs']} pairs rated)"
    return "not judged" if sentences is None else f"{similar} ({sentences.name})"


def as_json(result: Mapping[str, Any]) -> str:
    """Strict JSON; numbers that JSON has no word for become "nan", "inf" and "-inf"."""
    try:
        return json.dumps(result, allow_nan=False, ensure_ascii=False)
    except ValueError:
        return json.dumps(_spelled(result), allow_nan=False, ensure_ascii=False)


def _spelled(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _spelled(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in cast("Sequence[object]", value)]
    return value
