"""The records that scores are made of: one question with its reference and the model's answer, as MedVidBench writes them.

Four layouts are read: lines of records (also lines that hold the record under `input`), an array of records, the official results
file (an object from any key to a record), and a submission beside its ground truth, which are joined by position alone, as the
leaderboard does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError

UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """One question, its reference and the answer; `prediction` is what the model gave, usually text, and not trusted.

    `place` is where it was read (`file:line` or `file: record n`); `broken` says why nothing can be scored, None when all is there.
    """

    place: str
    id: object
    qa_type: str
    data_source: str
    metadata: Mapping[str, Any]
    question: str
    struc_info: object
    gnd: str
    prediction: object
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """What was read: the records in order, whether tasks can read them (a joined array they cannot), and what was odd."""

    records: tuple[Record, ...]
    readable: bool = True
    warnings: tuple[str, ...] = ()


def data_source(values: Mapping[str, Any]) -> str:
    """`data_source`, or where that is missing, empty or Unknown `dataset_name`, or Unknown."""
    source = values.get("data_source")
    if not source or source == UNKNOWN:
        source = values.get("dataset_name", UNKNOWN)
    return source if isinstance(source, str) else str(source)


def record_from(values: Mapping[str, Any], place: str) -> Record:
    """A record from its JSON object; what is missing or of a wrong kind makes it broken, never lost."""
    broken: str | None = None
    if "prediction" in values:
        prediction = values["prediction"]
    elif "answer" in values:
        prediction = values["answer"]
    else:
        prediction, broken = None, "no prediction"
    metadata, qa_type = values.get("metadata", {}), values.get("qa_type", "")
    if not isinstance(metadata, dict):
        metadata, broken = {}, "metadata is not an object"
    if not isinstance(qa_type, str) or not qa_type:
        qa_type, broken = "" if not isinstance(qa_type, str) else qa_type, "no qa_type"
    question, gnd = values.get("question", ""), values.get("gnd", "")
    return Record(
        place,
        values.get("id"),
        qa_type,
        data_source(values),
        cast("Mapping[str, Any]", metadata),
        question if isinstance(question, str) else "",
        values.get("struc_info", []),
        gnd if isinstance(gnd, str) else "",
        prediction,
        broken,
    )


def read_records(path: Path) -> Records:
    """Records of a file in any of the first three layouts; DataError names file and line when it is none of them."""
    text = read_text(path)
    first = text.lstrip()[:1]
    if first == "[":
        return Records(tuple(_from_items(cast("list[object]", load_json(path, text)), path)))
    if first == "{":
        try:
            whole: object = json.loads(text)
        except ValueError:
            return Records(tuple(_from_lines(path, text)))
        return _from_object(cast("dict[str, Any]", whole), path)
    if not first:
        raise DataError(path, "holds no records")
    return Records(tuple(_from_lines(path, text)))


def _from_object(values: dict[str, Any], path: Path) -> Records:
    if "qa_type" in values or isinstance(values.get("input"), dict):  # a file of one line
        return Records((record_from(_unwrapped(values), f"{path}:1"),))
    items: list[object] = list(values.values())
    if not items or not all(isinstance(item, dict) for item in items):
        raise DataError(path, "is an object, but not one from keys to records")
    return Records(tuple(_from_items(items, path)))


def _from_items(items: Sequence[object], path: Path) -> list[Record]:
    records: list[Record] = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise DataError(f"{path}: record {number}", "is not an object")
        records.append(record_from(_unwrapped(cast("dict[str, Any]", item)), f"{path}: record {number}"))
    return records


def _from_lines(path: Path, text: str) -> list[Record]:
    records: list[Record] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{number}", f"is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise DataError(f"{path}:{number}", "is not an object")
        records.append(record_from(_unwrapped(cast("dict[str, Any]", values)), f"{path}:{number}"))
    return records


def _unwrapped(values: dict[str, Any]) -> Mapping[str, Any]:
    inner = values.get("input")
    return cast("dict[str, Any]", inner) if isinstance(inner, dict) else values


def read_text(path: Path) -> str:
    """The file's text; DataError in one line when it cannot be had."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(path, f"is not UTF-8 text (byte {error.start})") from error


def load_json(path: Path, text: str) -> object:
    """The one JSON value of a text; DataError names file and line."""
    try:
        return cast("object", json.loads(text))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}", f"is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise DataError(path, "is nested too deeply") from error
