"""next_action as the leaderboard scores it: any text becomes a label, by equality or else by the nearest sentence embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from medgrpo.core import MissingExtra
from medgrpo.scoring.leaderboard_sources import next_action_source
from medgrpo.scoring.records import Record
from medgrpo.scoring.similarity import Embedder
from medgrpo.scoring.verdict import ERROR, SCORED, SKIPPED, UNSCORED, Verdict, failed
from medgrpo.tasks import next_action_labels

QA_TYPE = "next_action"
KEYS = ("nap_acc",)


class _Asked(NamedTuple):
    """What one record asks for: its source, the labels to choose from, and both texts trimmed and renamed."""

    source: str
    procedure: str | None
    labels: tuple[str, ...]
    answer: str
    truth: str


@lru_cache(maxsize=256)
def _procedure(question: str) -> tuple[str | None, tuple[str, ...]]:
    table = next_action_labels()
    for name, labels in table.nurvid:
        if name.lower() in question:
            return name, labels
    return None, table.nurvid_union


def _asked(record: Record, free: Mapping[str, tuple[str, ...]]) -> _Asked:
    if not isinstance(record.prediction, str):
        raise AttributeError("the prediction is not text")
    source = next_action_source(record)
    answer, truth = record.prediction.strip(), record.gnd.strip()
    table = next_action_labels()
    procedure: str | None = None
    if source in table.fixed:
        labels = table.fixed[source]
        if source == "CoPESD":
            answer, truth = table.renamed.get(answer, answer), table.renamed.get(truth, truth)
    elif source == "NurViD":
        procedure, labels = _procedure(record.question.lower())
    else:
        labels = free.get(source, ())
    return _Asked(source, procedure, labels, answer, truth)


def _free_lists(records: Sequence[Record]) -> dict[str, tuple[str, ...]]:
    """The labels of sources without a list: the distinct references of the evaluated file."""
    found: dict[str, set[str]] = {}
    for record in records:
        source, truth = next_action_source(record), record.gnd.strip()
        if truth:
            found.setdefault(source, set()).add(truth)
    return {source: tuple(sorted(labels)) for source, labels in found.items()}


def judge_all(records: Sequence[Record], embedder: Embedder | None) -> list[Verdict]:
    """All records of one file together: label lists may depend on the file, and each distinct text is embedded once."""
    free = _free_lists(records)
    asked: list[_Asked | Verdict] = []
    wanted: dict[str, None] = {}
    for record in records:
        try:
            item = _asked(record, free)
        except (AttributeError, TypeError, ValueError) as error:
            asked.append(failed(error))
            continue
        asked.append(item)
        if item.truth in item.labels and item.answer not in item.labels:
            wanted.update(dict.fromkeys((item.answer, *item.labels)))
    vectors: dict[str, Any] = {}
    if wanted and embedder is not None:
        texts = list(wanted)
        with suppress(MissingExtra):  # then the verdicts say that these answers wait for the model
            vectors = dict(zip(texts, embedder.embed(texts), strict=True))
    return [item if isinstance(item, Verdict) else _verdict(item, vectors) for item in asked]


def _verdict(asked: _Asked, vectors: Mapping[str, Any]) -> Verdict:
    parts: dict[str, Any] = {"dataset": asked.source}
    if not asked.truth or asked.truth not in asked.labels:
        return Verdict(SKIPPED, None, parts, "the reference is not a label of its source")
    if asked.procedure is not None:
        parts["procedure"] = asked.procedure
    if asked.answer in asked.labels:
        label, how = asked.answer, "exact"
    elif not vectors:
        return Verdict(UNSCORED, None, parts, "not a label as written; the nearest one needs the sentence model (extra similarity)")
    else:
        cosines = np.stack([vectors[label] for label in asked.labels]) @ vectors[asked.answer]
        label, how = asked.labels[int(np.argmax(cosines))], "similarity"
        if len(asked.labels) > 1:
            second, first = np.partition(cosines, -2)[-2:]
            parts["margin"] = round(float(first - second), 4)
    correct = int(label == asked.truth)
    return Verdict(SCORED, float(correct), {"correct": correct, "predicted_label": label, "matched_by": how, **parts})


def summarise(records: Sequence[Record], verdicts: Sequence[Verdict]) -> tuple[dict[str, float], dict[str, Any]]:
    """Correct over counted, and the same per source. No metric while an answer waits for the sentence model."""
    groups: dict[str, list[float]] = {}
    for record, verdict in zip(records, verdicts, strict=True):
        values = groups.setdefault(next_action_source(record), [])
        if verdict.status == SCORED and verdict.score is not None:
            values.append(verdict.score)
    per_source = {
        source: {"accuracy": sum(values) / len(values) if values else None, "count": len(values)}
        for source, values in groups.items()
    }
    if any(verdict.status in (UNSCORED, ERROR) for verdict in verdicts):
        return {}, per_source
    everything = [value for values in groups.values() for value in values]
    return {KEYS[0]: sum(everything) / len(everything) if everything else 0.0}, per_source
