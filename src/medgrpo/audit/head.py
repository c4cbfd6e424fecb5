"""A signed head: the last counter and digest at a moment. Whoever holds a head can prove what the record held up to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from medgrpo.audit.entry import canonical
from medgrpo.audit.keys import PublicKey, SigningKey
from medgrpo.core import write_whole

HEAD_NAME = "head.json"


@dataclass(frozen=True, slots=True)
class Head:
    """What is signed is the canonical JSON of `counter`, `digest` and `closed`. `closed`: nothing is to come after it."""

    counter: int
    digest: str
    closed: bool
    signature: str
    public_key: PublicKey

    @classmethod
    def signed(cls, counter: int, digest: str, closed: bool, key: SigningKey) -> Head:
        return cls(counter, digest, closed, key.sign(_message(counter, digest, closed)), key.public)

    @property
    def genuine(self) -> bool:
        """Whether its own public key signed it; whether that key is the right one, the verifier asks."""
        return self.public_key.signed(self.signature, _message(self.counter, self.digest, self.closed))

    def written(self) -> dict[str, Any]:
        return {
            "counter": self.counter,
            "digest": self.digest,
            "closed": self.closed,
            "signature": self.signature,
            "public_key": self.public_key.hexadecimal,
        }

    @classmethod
    def read(cls, values: object) -> Head:
        """ValueError when these are not a head's values, with nothing beside them."""
        if not isinstance(values, dict) or set(cast("dict[str, Any]", values)) != {
            "counter",
            "digest",
            "closed",
            "signature",
            "public_key",
        }:
            raise ValueError("not the fields of a head")
        given = cast("dict[str, Any]", values)
        counter, closed = given["counter"], given["closed"]
        texts = (given["digest"], given["signature"], given["public_key"])
        if not isinstance(counter, int) or not isinstance(closed, bool) or not all(isinstance(text, str) for text in texts):
            raise ValueError("not the kinds of a head's fields")
        return cls(counter, given["digest"], closed, given["signature"], PublicKey(given["public_key"]))


def write_head(folder: Path, head: Head) -> None:
    """Replace the folder's head whole; OSError when it cannot be written."""
    write_whole(folder / HEAD_NAME, canonical(head.written()) + b"\n", durable=True)


def read_head(folder: Path) -> Head:
    """The folder's head. FileNotFoundError where there is none, ValueError where it is not exactly what `write_head` wrote."""
    data = (folder / HEAD_NAME).read_bytes()
    head = Head.read(json.loads(data))
    if canonical(head.written()) + b"\n" != data:
        raise ValueError("not in canonical form")
    return head


def _message(counter: int, digest: str, closed: bool) -> bytes:
    return canonical({"counter": counter, "digest": digest, "closed": closed})
