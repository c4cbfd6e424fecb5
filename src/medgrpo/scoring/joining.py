"""How the leaderboard makes records of an uploaded submission and its hidden ground truth: by position, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from medgrpo.core import InputError
from medgrpo.scoring.records import Record, Records, data_source, load_json, read_text, record_from

_QUESTION, _ANSWER = frozenset({"human", "user"}), frozenset({"gpt", "assistant"})


class JoinError(InputError):
    """The evaluator stops before scoring; `kind` is `length_mismatch` or `missing_prediction_field`."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def read_submission(submission: Path, ground_truth: Path) -> Records:
    """Both files joined by position; DataError names file and line, JoinError says why the leaderboard would stop."""
    return join(load_json(submission, read_text(submission)), load_json(ground_truth, read_text(ground_truth)), str(submission))


def join(submission: object, ground_truth: object, place: str = "submission") -> Records:
    """Element i of one with element i of the other. Only the first element decides whether the file is joined already.

    A file joined already is an object from keys to records; an array is accepted and then read by no task.
    """
    if not isinstance(submission, dict | list):
        raise JoinError("missing_prediction_field", f"{place}: is neither an array nor an object of records")
    values = cast("dict[str, Any] | list[Any]", submission)
    items = list(values.values()) if isinstance(values, dict) else values
    first: Mapping[str, Any] = cast("Mapping[str, Any]", items[0]) if items and isinstance(items[0], dict) else {}
    bare = "id" in first and "prediction" in first and "gnd" not in first
    if not bare and "question" in first and "gnd" in first and "struc_info" in first:
        records = tuple(_joined(item, f"{place}: record {number}") for number, item in enumerate(items, 1))
        return Records(records, readable=isinstance(values, dict))
    return _join_bare(items, ground_truth, place)


def _joined(item: object, place: str) -> Record:
    return record_from(cast("Mapping[str, Any]", item) if isinstance(item, dict) else {}, place)


def _join_bare(items: Sequence[object], ground_truth: object, place: str) -> Records:
    if not isinstance(ground_truth, list):
        raise InputError(f"the ground truth of {place} is not an array of records")
    truths = cast("list[Any]", ground_truth)
    if len(items) != len(truths):
        raise JoinError("length_mismatch", f"{place}: has {len(items)} predictions for {len(truths)} questions: nothing is scored")
    records: list[Record] = []
    other_ids: list[int] = []
    other_types: list[int] = []
    for number, (item, truth) in enumerate(zip(items, truths, strict=True), 1):
        if not isinstance(item, dict) or "prediction" not in item:
            raise JoinError("missing_prediction_field", f"{place}: record {number}: has no `prediction`: nothing is scored")
        if not isinstance(truth, dict):
            raise InputError(f"the ground truth of {place}: record {number}: is not an object")
        given, values = cast("dict[str, Any]", item), cast("dict[str, Any]", truth)
        if given.get("id") != values.get("id"):
            other_ids.append(number)
        if given.get("qa_type", values.get("qa_type")) != values.get("qa_type"):
            other_types.append(number)
        records.append(_record(given, values, f"{place}: record {number}"))
    warnings = [
        f"{place}: {len(numbers)} of {len(items)} records have another {name} than the ground truth at their place "
        f"(first: record {numbers[0]}); the leaderboard joins by position alone, and so does this"
        for name, numbers in (("id", other_ids), ("qa_type", other_types))
        if numbers
    ]
    return Records(tuple(records), warnings=tuple(warnings))


def _record(given: Mapping[str, Any], truth: Mapping[str, Any], place: str) -> Record:
    question, answer = _last_turns(truth.get("conversations", []))
    joined = {
        "id": given.get("id"),
        "qa_type": truth.get("qa_type", ""),
        "data_source": data_source(truth),
        "metadata": truth.get("metadata", {}),
        "question": question.replace("<video>\n", "").replace("<video>", ""),
        "struc_info": truth.get("struc_info", []),
        "gnd": answer,
        "prediction": given["prediction"],
    }
    return record_from(joined, place)


def _last_turns(conversations: object) -> tuple[str, str]:
    question = answer = ""
    for turn in cast("list[Any]", conversations) if isinstance(conversations, list) else []:
        if not isinstance(turn, dict):
            continue
        values = cast("dict[str, Any]", turn)
        text = values.get("value", "")
        if values.get("from") in _QUESTION and isinstance(text, str):
            question = text
        elif values.get("from") in _ANSWER and isinstance(text, str):
            answer = text
    return question, answer
