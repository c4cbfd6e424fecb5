"""A TOML file of settings, and what is said when one of them cannot be: a line each with file, key, what was given, what may be."""

from __future__ import annotations

import json
import tomllib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from medgrpo.core.config import Config
from medgrpo.core.errors import InputError, SettingsError
from medgrpo.core.likeness import nearest

Settings = TypeVar("Settings", bound=Config)
_MOST_SHOWN = 80
_NUMBERS = {"ge": "of at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}", "multiple_of": "a multiple of {}"}


def _nothing(_: Mapping[str, Any]) -> tuple[str, ...]:
    return ()


def read_settings(path: Path, kind: type[Settings], also: Callable[[Mapping[str, Any]], Iterable[str]] = _nothing) -> Settings:
    """The file as settings of this kind, paths as written. SettingsError holds a line for each setting that is wrong.

    `also`: what the kind itself cannot know to be wrong, of the file's tables.
    """
    tables = read_tables(path)
    more = [f"{path}: {one}" for one in also(tables)]
    try:
        settings = kind.model_validate(tables)
    except ValidationError as error:
        raise SettingsError([f"{path}: {one}" for one in told_faults(error, kind, tables)] + more) from error
    if more:
        raise SettingsError(more)
    return settings


def read_tables(path: Path) -> dict[str, Any]:
    """What a TOML file holds. InputError when it cannot be read as one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file ({error})") from error


def told_faults(error: ValidationError, kind: type[BaseModel], given: Mapping[str, Any]) -> list[str]:
    """A line for each key, in the order of the file's tables, in our words."""
    lines: dict[str, None] = {}
    for one in error.errors(include_url=False):
        place = _place(kind, one["loc"])
        key = _key(place.path)
        if one["type"] == "extra_forbidden" or place.unknown:
            lines[f"{key}: {_no_such(place, kind)}"] = None
        elif one["type"] == "missing":
            lines[f"{key}: is missing: give {allowed(place.annotation, place.limits)}"] = None
        elif one["type"] in ("value_error", "assertion_error"):  # words of our own validators
            value, words = one["input"], one["msg"].partition(", ")[2] or one["msg"]
            told = isinstance(value, (str, int, float)) and str(value) not in words
            lines[f"{key}: {f'{_shown(value)} cannot be: ' if told else ''}{words}"] = None
        else:
            value = _at(given, place.path, one["input"])
            lines[f"{key}: {_shown(value)} cannot be: give {allowed(place.annotation, place.limits)}{_hint(value, place)}"] = None
    return list(lines)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error lies: `path` inside the file, what may stand there, and the tables on the way. `unknown`: nothing may."""

    path: tuple[str | int, ...]
    annotation: Any
    limits: Sequence[Any]
    owner: Any
    unknown: bool = False


def _place(kind: type[BaseModel], where: Sequence[str | int]) -> _Place:
    """Pydantic's place without its names for the members of a union."""
    annotation: Any = kind
    limits: Sequence[Any] = ()
    owner: Any = kind
    path: list[str | int] = []
    for number, part in enumerate(where):
        table, (origin, inner) = _table_in(annotation), _holding(annotation)
        if table is not None and part in table.model_fields:
            field = table.model_fields[str(part)]
            owner, annotation, limits = table, field.annotation, field.metadata
        elif table is not None:
            return _Place((*path, part), annotation, (), table, unknown=isinstance(part, str))
        elif origin is dict and where[number + 1 :] == ("[key]",):
            return _Place((*path, part), inner[0], (), inner[0], unknown=True)
        elif origin is dict and isinstance(part, str):
            annotation, limits = inner[1], ()
        elif origin in (tuple, list) and isinstance(part, int):
            annotation, limits = inner[0], ()
        else:
            break
        path.append(part)
    return _Place(tuple(path), annotation, limits, owner)


def _no_such(place: _Place, kind: type[BaseModel]) -> str:
    """Of a key that is none: the one that was meant, the table where it belongs, or all that there are."""
    name = str(place.path[-1])
    if _table_in(place.owner) is None:
        return f"no such key: give {allowed(place.owner)}"
    known = list(place.owner.model_fields)
    near = nearest(name, known)
    tables = {table: _table_in(field.annotation) for table, field in kind.model_fields.items()}
    elsewhere = next((table for table, one in tables.items() if one is not None and name in one.model_fields), None)
    if elsewhere is not None:
        return f"no such key here: it stands in [{elsewhere}]"
    return "no such key" + (f": did you mean {near}?" if near else f"; there are {', '.join(known)}")


def _hint(value: object, place: _Place) -> str:
    near = nearest(value, _choices(place.annotation)) if isinstance(value, str) else None
    return f"; did you mean {near}?" if near else ""


def allowed(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """What may stand where a value of this type is read, in words."""
    members = _members(annotation)
    if choices := list(_choices(annotation)):
        others = [allowed(one, limits) for one in members if not list(_choices(one))]
        listed = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
        return " or ".join([*others, listed])
    if len(members) > 1:
        return " or ".join(allowed(one, limits) for one in members)
    (kind,) = members
    limits = [*limits, *_limits_in(kind)]
    kind = _plain(kind)
    origin, inner = _holding(kind)
    if origin in (tuple, list):
        return _limited(f"a list, each entry {allowed(inner[0])}", limits)
    if origin is dict:
        return f"a table, {allowed(inner[0])} = {allowed(inner[1])}"
    if (table := _table_in(kind)) is not None:
        needed = [name for name, field in table.model_fields.items() if field.is_required()]
        return "a table" + (f" with {', '.join(needed)}" if needed else "")
    return _limited(_named(kind), limits)


def _named(kind: Any) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    if kind in words:
        return words[kind]
    if isinstance(kind, type) and issubclass(kind, PurePath):
        return "a path"
    return str(getattr(cast("Any", kind), "__name__", cast("Any", kind)))


def _limited(words: str, limits: Sequence[Any]) -> str:
    told = [form.format(getattr(limit, name)) for limit in limits for name, form in _NUMBERS.items() if hasattr(limit, name)]
    least = next((limit.min_length for limit in limits if hasattr(limit, "min_length")), 0)
    if least:
        told.append("not empty" if least == 1 else f"at least {least} long")
    return " ".join([words, ", ".join(told)]) if told else words


def _members(annotation: Any) -> list[Any]:
    """Of a union all but None, with the limits that belong to one of them."""
    plain = _plain(annotation)
    if get_origin(plain) in (Union, types.UnionType):
        return [inner for one in get_args(plain) if one is not type(None) for inner in _members(one)]
    return [annotation]


def _limits_in(annotation: Any) -> list[Any]:
    """Of an annotated type; a field among them holds its own."""
    return [limit for one in getattr(annotation, "__metadata__", ()) for limit in getattr(one, "metadata", [one])]


def _plain(annotation: Any) -> Any:
    """Without Annotated, and a named type as what it stands for."""
    annotation = getattr(annotation, "__value__", annotation)
    return _plain(get_args(annotation)[0]) if hasattr(annotation, "__metadata__") else annotation


def _choices(annotation: Any) -> Iterator[str]:
    """Values that are written out one by one."""
    for one in map(_plain, _members(annotation)):
        if get_origin(one) is Literal:
            for value in get_args(one):
                yield value if isinstance(value, str) else json.dumps(value)
        elif isinstance(one, type) and issubclass(one, Enum):
            yield from (str(member.value) for member in one)


def _holding(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A list's or table's own type and what it holds."""
    for one in map(_plain, _members(annotation)):
        origin = get_origin(one)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return dict, get_args(one)
        if origin in (tuple, list):
            return origin, get_args(one)
    return None, ()


def _table_in(annotation: Any) -> Any:
    return next((one for one in map(_plain, _members(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _at(given: object, path: Iterable[str | int], otherwise: object) -> object:
    """The value as it stands in the file."""
    for part in path:
        try:
            given = cast("Any", given)[part]
        except (KeyError, IndexError, TypeError):
            return otherwise
    return given


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} ..."


def _key(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path)) or "the file"
