"""The `leaderboard` protocol: the official evaluator's figures, with its accidents (docs/metrics.md names each)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medgrpo.scoring import leaderboard_assessment as assessment
from medgrpo.scoring import leaderboard_boxes as boxes
from medgrpo.scoring import leaderboard_captions as captions
from medgrpo.scoring import leaderboard_dense as dense
from medgrpo.scoring import leaderboard_next_action as next_action
from medgrpo.scoring import leaderboard_temporal as temporal
from medgrpo.scoring.leaderboard_bulk_boxes import usual_boxes
from medgrpo.scoring.leaderboard_bulk_dense import usual_events
from medgrpo.scoring.leaderboard_ranking import COLUMNS
from medgrpo.scoring.ratings import Ratings, dense_pairs
from medgrpo.scoring.records import Record, Records
from medgrpo.scoring.similarity import Embedder
from medgrpo.scoring.verdict import BROKEN, ERROR, UNSCORED, Verdict, failed

_RAISES = (TypeError, KeyError, ValueError, AttributeError, IndexError, OverflowError, ZeroDivisionError)
_CHUNK = 2000
"""Records that are judged together: bounds the memory."""
Usual = Callable[[Sequence[Record]], list[Verdict | None]]
"""Verdicts of those records that are plainly usual, None for the others."""
Judge = Callable[[Sequence[Record], Embedder | None, Embedder | None], list[Verdict]]
Summarise = Callable[[Sequence[Record], Sequence[Verdict]], tuple[dict[str, float], dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Task:
    """One task of the evaluator: when it runs, which records it takes, how it judges one and sums up all."""

    name: str
    triggers: Callable[[str], bool]
    takes: Callable[[str], bool]
    judge: Judge
    summarise: Summarise


def _one_by_one(judge: Callable[[Record], Verdict], usual: Usual | None = None) -> Judge:
    """Each record by `judge`, unless `usual` could do it together with others, which comes to the same and is quicker."""

    def judged(record: Record) -> Verdict:
        try:
            return judge(record)
        except _RAISES as error:
            return failed(error)

    def judge_all(records: Sequence[Record], _labels: Embedder | None, _captions: Embedder | None) -> list[Verdict]:
        if usual is None:
            return [judged(record) for record in records]
        done = [verdict for first in range(0, len(records), _CHUNK) for verdict in usual(records[first : first + _CHUNK])]
        return [verdict or judged(record) for record, verdict in zip(records, done, strict=True)]

    return judge_all


def _is_dense(qa_type: str) -> bool:
    lowered = qa_type.lower()
    return "dense_captioning" in lowered or "dense_caption" in lowered or "dc" in lowered


TASKS = (
    _Task("tal", lambda kind: kind == "tal", lambda kind: "tal" in kind.lower(), _one_by_one(temporal.judge), temporal.summarise),
    _Task(
        "stg",
        lambda kind: kind == "stg",
        lambda kind: "stg" in kind.lower(),
        _one_by_one(boxes.judge, usual_boxes),
        boxes.summarise,
    ),
    _Task(
        "dense_captioning",
        lambda kind: "dense_captioning" in kind or kind == "dc",
        _is_dense,
        _one_by_one(dense.judge, usual_events),
        dense.summarise,
    ),
    _Task(
        "next_action",
        lambda kind: kind == "next_action",
        lambda kind: "next_action" in kind.lower(),
        lambda records, labels, _: next_action.judge_all(records, labels),
        next_action.summarise,
    ),
    _Task(
        "cvs_assessment",
        lambda kind: kind == "cvs_assessment",
        lambda kind: kind == "cvs_assessment",
        _one_by_one(assessment.judge_critical_view),
        assessment.summarise_critical_view,
    ),
    _Task(
        "skill_assessment",
        lambda kind: kind == "skill_assessment",
        lambda kind: kind == "skill_assessment",
        _one_by_one(assessment.judge_skill),
        assessment.summarise_skill,
    ),
    _Task(
        "region_caption",
        lambda kind: "region_caption" in kind,
        lambda kind: "region_caption" in kind,
        lambda records, _, sentences: captions.judge_captions(records, sentences),
        lambda _, verdicts: captions.summarise_captions(verdicts, "rc_llm"),
    ),
    _Task(
        "video_summary",
        lambda kind: "video_summary" in kind,
        lambda kind: "video_summary" in kind,
        lambda records, _, sentences: captions.judge_captions(records, sentences),
        lambda _, verdicts: captions.summarise_captions(verdicts, "vs_llm"),
    ),
)
"""In the order in which a record that two tasks take gets its verdict from the first."""


_RATED = {"region_caption": "rc_llm", "video_summary": "vs_llm"}
"""The tasks that ratings score whole, with their metric."""


@dataclass(frozen=True, slots=True)
class LeaderboardResult:
    """Per record a verdict, in order; `metrics` unrounded, absent where a task gave none; `failed` says which tasks and why."""

    verdicts: tuple[Verdict, ...]
    metrics: Mapping[str, float]
    per_data_source: Mapping[str, Any]
    failed: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def rounded(self) -> dict[str, float]:
        """The summary of the evaluator: four decimals."""
        return {key: round(value, 4) for key, value in self.metrics.items()}

    @property
    def published(self) -> dict[str, float] | None:
        """The ten numbers of the board: three decimals, 0 for what is absent; None when there is none at all."""
        if not self.metrics:
            return None
        return {key: round(self.rounded.get(key, 0.0), 3) for key in COLUMNS}


def leaderboard_parts(record: Record, verdict: Verdict) -> Mapping[str, Any]:
    """A verdict's parts as they are written out: with what was read of the answer, which scoring itself need not keep."""
    return verdict.told(record, verdict.parts) if verdict.told is not None else verdict.parts


def score_leaderboard(
    records: Records, labels: Embedder | None = None, sentences: Embedder | None = None, ratings: Ratings | None = None
) -> LeaderboardResult:
    """Score a file as the board would. `labels` maps free answers of next_action to labels. Captions are scored by `ratings`; by
    `sentences`, the evaluator's fallback when its judge is not available, where there are no ratings; else not at all."""
    rows = records.records
    verdicts: list[Verdict | None] = [None] * len(rows)
    metrics: dict[str, float] = {}
    per_source: dict[str, Any] = {}
    failures: dict[str, str] = {}
    by_kind: defaultdict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(rows):
        if record.broken is not None:
            verdicts[index] = Verdict(BROKEN, None, {}, record.broken)
        else:
            by_kind[record.qa_type].append(index)
    for task in TASKS if records.readable else ():
        if not any(task.triggers(kind) for kind in by_kind):
            continue
        taken = [members for kind, members in by_kind.items() if task.takes(kind)]
        indices = taken[0] if len(taken) == 1 else sorted(index for members in taken for index in members)
        members = [rows[index] for index in indices]
        rated = _RATED.get(task.name) if ratings is not None else None
        if rated is None or ratings is None:
            judged = task.judge(members, labels, sentences)
        else:
            judged = captions.rated_captions(members, ratings.of)
        for index, verdict in zip(indices, judged, strict=True):
            if verdicts[index] is None:
                verdicts[index] = verdict
        wrong = [place for place, verdict in enumerate(judged) if verdict.status == ERROR]
        if wrong:
            first = wrong[0]
            failures[task.name] = (
                f"{len(wrong)} records make the evaluator fail, first {members[first].place}: {judged[first].note}"
            )
            continue
        if rated is None or ratings is None:
            found, per_source[task.name] = task.summarise(members, judged)
        else:
            found, per_source[task.name] = captions.summarise_rated(members, ratings.of, rated)
        metrics.update(found)
        if task.name == "dense_captioning" and ratings is not None:
            figure, per_source["dense_captions"] = captions.dense_rated(members, dense_pairs, ratings.of)
            if figure is not None:
                metrics["dvc_llm"] = figure
        elif task.name == "dense_captioning" and sentences is not None:
            metrics["dvc_llm"] = captions.dense_similarity(members, sentences)
    nobody = Verdict(UNSCORED, None, {}, "no task of the leaderboard reads this record")
    return LeaderboardResult(tuple(verdict or nobody for verdict in verdicts), metrics, per_source, failures)
