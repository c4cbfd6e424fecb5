"""What a protocol says of one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

SCORED, SKIPPED, ERROR, UNSCORED, BROKEN, UNPARSED = "scored", "skipped", "error", "unscored", "broken", "unparsed"
"""scored; left out of the mean by the protocol; the official evaluator would raise; no figure could be made (no judge, no
reference, no task); the record itself is not whole; the answer could not be read (and is wrong)."""


_NOTHING: Mapping[str, Any] = {}


class Verdict(NamedTuple):
    """`score` is None unless the record counts; `parts` are the figures; `note` says why where it matters.

    `told` makes of the answer's text and `parts` what is written out: it reads the answer again, since keeping all that was read of
    thousands of answers costs more than making it anew for those that somebody looks at. None where `parts` are all.

    A tuple, because thousands are made in a few hundredths of a second.
    """

    status: str
    score: float | None = None
    parts: Mapping[str, Any] = _NOTHING
    note: str = ""
    told: Callable[[Any, Mapping[str, Any]], Mapping[str, Any]] | None = None


def failed(error: Exception) -> Verdict:
    """The verdict where the official evaluator raises `error`."""
    return Verdict(ERROR, None, {"error_type": type(error).__name__}, str(error))
