"""What reading and scoring a reply gives: an answer or `Unparsed`, and a `Score` that may be missing but is never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REPLY_KEPT = 2000
"""Characters of a reply that `Unparsed` keeps; the whole reply is in the run's own files."""


@dataclass(frozen=True, slots=True)
class Unparsed:
    """What `parse` returns when a reply holds no answer that can be read without guessing."""

    reply: str
    reason: str

    @classmethod
    def of(cls, reply: str, reason: str) -> Unparsed:
        """With the reply cut to what is kept."""
        return cls(reply[:REPLY_KEPT], reason)


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is 0..1, or None where nothing could be scored, which is not the same as wrong; `parts` are its figures by name."""

    value: float | None
    parts: Mapping[str, float] = field(default_factory=dict[str, float])
    note: str = ""
