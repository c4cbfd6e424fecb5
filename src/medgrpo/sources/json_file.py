"""JSON files of annotation: read whole, each key once, and values taken out with their kind checked."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import cast

from medgrpo.core import DataError


def load_json(path: Path, what: str) -> object:
    """The file's value. DataError where it is no JSON in UTF-8, or an object holds a key twice; `what` names the kind of file."""
    try:
        return cast("object", json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(path, f"not a {what} file ({error})") from error


def load_object(path: Path, what: str) -> dict[str, object]:
    """The same of a file that holds one object."""
    content = load_json(path, what)
    if not isinstance(content, dict):
        raise DataError(path, f"not a {what} file: expected an object")
    return cast("dict[str, object]", content)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    held = dict(pairs)
    if len(held) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)} occurs twice")
    return held


def as_object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: expected an object")
    return cast("dict[str, object]", value)


def as_list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: expected a list")
    return cast("list[object]", value)


def as_text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where}: expected text, got {value!r}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:  # half of a pair, which JSON can spell and no file can hold
            raise ValueError(f"{where}: not Unicode text") from error
    return value


def as_whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{where}: expected a whole number, got {value!r}")
    return value


def as_number(value: object, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{where}: expected a number, got {value!r}")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(f"{where}: expected a finite number") from error
    if not math.isfinite(number):
        raise ValueError(f"{where}: expected a finite number, got {value!r}")
    return number


def as_corners(value: object, where: str) -> tuple[float, float, float, float]:
    """Four finite numbers."""
    numbers = [as_number(one, where) for one in as_list(value, where)]
    if len(numbers) != 4:
        raise ValueError(f"{where}: expected four numbers, got {len(numbers)}")
    return numbers[0], numbers[1], numbers[2], numbers[3]
