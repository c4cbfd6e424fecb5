"""Files of JSON objects: one array (.json), one object per line (.jsonl), or a table (.parquet, with the extra `data`).

Written whole or not at all, and read one object after the other; what is wrong with one object says so and ends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError, MissingExtra, whole_file

SUFFIXES = (".json", ".jsonl", ".parquet")
_ROWS = 1000
"""Rows of a Parquet group: what is held in memory at once."""


def read_objects(path: Path) -> Iterator[tuple[str, object]]:
    """(place, value) in the file's order; the value is a ValueError where there is none. DataError when it is no such file."""
    if path.suffix == ".jsonl":
        yield from _lines(path)
    elif path.suffix == ".parquet":
        yield from _rows(path)
    else:
        try:
            content: object = json.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError as error:
            raise _absent(path) from error
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(path, f"cannot be read as JSON ({error})") from error
        if not isinstance(content, list):
            raise DataError(path, "expected one array of questions")
        for index, value in enumerate(cast("list[object]", content)):
            yield f"record {index}", value


def _lines(path: Path) -> Iterator[tuple[str, object]]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield f"line {number}", _value(line)
    except FileNotFoundError as error:
        raise _absent(path) from error
    except OSError as error:
        raise DataError(path, f"cannot be read as JSON lines ({error})") from error


def _absent(path: Path) -> DataError:
    return DataError(path.resolve(), "there is no such file")


def _value(line: bytes | str) -> object:
    try:
        return cast("object", json.loads(line))
    except (ValueError, RecursionError) as error:
        return ValueError(f"no JSON ({error})")


def write_objects(path: Path, objects: Iterable[Mapping[str, object]]) -> int:
    """Write in the form of the name's ending, as the objects come; the file appears whole or not at all. Returns their number."""
    with whole_file(path) as unfinished:
        return _write_table(unfinished, objects) if path.suffix == ".parquet" else _write_text(unfinished, path, objects)


def _write_text(unfinished: Path, path: Path, objects: Iterable[Mapping[str, object]]) -> int:
    lines = path.suffix == ".jsonl"
    count = 0
    with unfinished.open("w", encoding="utf-8") as stream:
        stream.write("" if lines else "[")
        for one in objects:
            stream.write("" if lines else ",\n" if count else "\n")
            stream.write(json.dumps(one, ensure_ascii=False) + ("\n" if lines else ""))
            count += 1
        stream.write("" if lines else "\n]\n")
    return count


def _arrow(part: str = "") -> Any:
    try:
        return import_module(f"pyarrow{part}")
    except ImportError as error:
        raise MissingExtra("Parquet", "data", "pyarrow") from error


def _schema(pa: Any) -> Any:
    """MedVidBench's object as columns. `struc_info` differs from task to task and is JSON text."""
    text, corners = pa.string(), pa.list_(pa.float64())
    bounds = ("input_video_start_frame", "input_video_end_frame", "input_video_start_time", "input_video_end_time")
    metadata = pa.struct([(name, text) for name in ("video_id", "fps", *bounds, "start_frame", "end_frame")])
    return pa.schema(
        [
            *((name, text) for name in ("id", "qa_type", "data_source", "dataset_name")),
            ("train", pa.bool_()),
            ("video", pa.list_(text)),
            ("sampled_video_frames", pa.list_(pa.int64())),
            ("metadata", metadata),
            ("conversations", pa.list_(pa.struct([("from", text), ("value", text)]))),
            ("is_RC", pa.bool_()),
            ("RC_info", pa.struct([("start_frame", text), ("start_frame_bbox", corners)])),
            ("answer_author", text),
            ("struc_info", text),
        ]
    )


def _write_table(unfinished: Path, objects: Iterable[Mapping[str, object]]) -> int:
    pa, parquet = _arrow(), _arrow(".parquet")
    schema, count = _schema(pa), 0
    with parquet.ParquetWriter(unfinished, schema) as writer:
        waiting = iter(objects)
        while rows := [_flat(one) for one in islice(waiting, _ROWS)]:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _flat(one: Mapping[str, object]) -> dict[str, object]:
    held = one.get("struc_info")
    return {**one, "struc_info": None if held is None else json.dumps(held, ensure_ascii=False)}


def _rows(path: Path) -> Iterator[tuple[str, object]]:
    parquet = _arrow(".parquet")
    try:
        with parquet.ParquetFile(path) as table:
            number = 0
            for batch in table.iter_batches(batch_size=_ROWS):
                for row in batch.to_pylist():
                    yield f"record {number}", _nested(row)
                    number += 1
    except (OSError, ValueError) as error:
        raise DataError(path, f"cannot be read as Parquet ({error})") from error


def _nested(row: dict[str, object]) -> object:
    """As it was before it became columns: keys without a value are absent."""
    held = {name: value for name, value in row.items() if value is not None}
    metadata, structure = held.get("metadata"), held.get("struc_info")
    if isinstance(metadata, dict):
        held["metadata"] = {name: value for name, value in cast("dict[str, object]", metadata).items() if value is not None}
    if isinstance(structure, str):
        value = _value(structure)
        if isinstance(value, ValueError):
            return ValueError(f"struc_info: {value}")
        held["struc_info"] = value
    return held
