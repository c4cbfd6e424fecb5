"""One entry of a record: canonical JSON (RFC 8785) with the SHA-256 of itself and of the entry before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from medgrpo.core import MissingExtra

try:
    import rfc8785
except ImportError as error:
    raise MissingExtra("the record of a case", "live", "rfc8785") from error

FIRST = "0" * 64
"""What stands for the digest before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`counter` counts from 0 without gaps. `wall` is UTC in ISO 8601; `monotonic_seconds` is the machine's steady clock, which no
    one can set. `digest` is over all the rest, `previous` included."""

    counter: int
    wall: str
    monotonic_seconds: float
    kind: str
    body: Mapping[str, Any]
    previous: str
    digest: str

    @classmethod
    def made(
        cls, counter: int, wall: str, monotonic_seconds: float, kind: str, body: Mapping[str, Any], previous: str
    ) -> tuple[Entry, bytes]:
        """The entry and its line. ValueError when the body holds what JSON cannot (NaN, whole numbers beyond 2^53)."""
        values = _values(counter, wall, monotonic_seconds, kind, body, previous)
        digest = digest_of(values)
        line = canonical({**values, "digest": digest}) + b"\n"
        return cls(counter, wall, monotonic_seconds, kind, body, previous, digest), line

    @classmethod
    def read(cls, line: bytes) -> Entry:
        """The entry of a line; ValueError when it is not exactly what `made` would have written."""
        found: object = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError("not an entry")
        values = cast("dict[str, Any]", found)
        digest = values.pop("digest", None)
        if set(values) != {"counter", "wall", "monotonic_seconds", "kind", "body", "previous"}:
            raise ValueError("not the fields of an entry")
        if not isinstance(values["body"], dict) or not isinstance(values["counter"], int) or isinstance(values["counter"], bool):
            raise ValueError("not the kinds of an entry's fields")
        if digest != digest_of(values):
            raise ValueError("its content is not what its digest says")
        if canonical({**values, "digest": digest}) + b"\n" != line:
            raise ValueError("not in canonical form")
        return cls(digest=digest, **values)


def canonical(value: object) -> bytes:
    """RFC 8785: one way to write each value. ValueError where there is none."""
    try:
        return rfc8785.dumps(cast("Any", value))
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"cannot be written as canonical JSON: {error}") from error


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(dict(values))).hexdigest()


def _values(counter: int, wall: str, monotonic_seconds: float, kind: str, body: Mapping[str, Any], previous: str) -> dict[str, Any]:
    return {
        "counter": counter,
        "wall": wall,
        "monotonic_seconds": monotonic_seconds,
        "kind": kind,
        "body": dict(body),
        "previous": previous,
    }
