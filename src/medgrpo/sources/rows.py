"""A table as CSV, row by row: what is wrong with one row is said beside its line, and reading goes on."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from medgrpo.core import DataError


def csv_rows(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(line, row by column) or (line, what is wrong with it). DataError when the file cannot be opened or lacks a wanted column.

    UTF-8, with or without a byte order mark. Columns without a name are left out.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(path, f"line 1: no column {missing[0]!r}")
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield reader.line_num, f"not a row of CSV ({error})"
                    continue
                yield reader.line_num, _checked(cast("dict[str | None, str | None]", row))
    except (OSError, csv.Error) as error:
        raise DataError(path, f"cannot be read as CSV ({error})") from error


def _checked(row: Mapping[str | None, str | None]) -> dict[str, str] | str:
    checked: dict[str, str] = {}
    for name, value in row.items():
        if name is None or value is None:  # csv's way to say: too many, too few
            return "not as many values as columns"
        try:
            value.encode()
        except UnicodeEncodeError:
            return f"{name or 'a column without a name'} is not UTF-8"
        if name:
            checked[name] = value
    return checked


def finite_number(row: Mapping[str, str], column: str) -> float:
    """A cell as a number; ValueError says which cell is none, or not finite."""
    try:
        value = float(row[column])
    except ValueError as error:
        raise ValueError(f"{column} is no number: {row[column]!r}") from error
    if not math.isfinite(value):
        raise ValueError(f"{column} is not finite")
    return value
