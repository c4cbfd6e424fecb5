"""What a page shows, as named things in sections, each with the number of the record's entry that changed it last.

A page that has seen everything up to entry N is told of what changed after N, whether it was away for a second or an hour:
nothing is missed, and what changed twice meanwhile is sent once, as it is now. The numbers are the record's, so they mean the
same to every console and after every restart.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

GROWING = ("log", "marks", "thoughts")
"""Sections whose things never change: a page that begins gets the newest of them only."""
NEWEST = 150
NOTHING_YET = -1
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Board:
    """`counter`: the last entry that went in. Things are JSON objects, written out once, when they are put."""

    def __init__(self) -> None:
        self.counter = NOTHING_YET
        self._things: OrderedDict[tuple[str, str], tuple[int, Mapping[str, Any], bytes]] = OrderedDict()
        self._patches: dict[int, bytes] = {}

    def put(self, section: str, key: str, thing: Mapping[str, Any], counter: int) -> None:
        """It is so from that entry on. What is as it was counts as unchanged. ValueError where no browser could read it: not a
        finite number, or half of a character."""
        known = self._things.get((section, key))
        if known is not None and known[1] == thing:
            return
        self._things[section, key] = (counter, thing, _json(key) + b":" + _json(thing))
        self._things.move_to_end((section, key))

    def get(self, section: str, key: str) -> Mapping[str, Any] | None:
        found = self._things.get((section, key))
        return None if found is None else found[1]

    def section(self, section: str) -> dict[str, Mapping[str, Any]]:
        return {key: thing for (where, key), (_, thing, _) in self._things.items() if where == section}

    def advance(self, counter: int) -> None:
        """All of that entry is in."""
        self.counter = counter
        self._patches.clear()

    def patch(self, since: int) -> bytes:
        """JSON: `{"counter": N, "things": {section: {key: thing}}}` with what changed after entry `since`; made once for all.

        From the beginning (NOTHING_YET) growing sections come with their newest things only."""
        if since not in self._patches:
            self._patches[since] = self._made(since)
        return self._patches[since]

    def _made(self, since: int) -> bytes:
        things: dict[str, list[bytes]] = {}
        for (section, _), (counter, _, written) in reversed(self._things.items()):
            if counter <= since:
                break
            here = things.setdefault(section, [])
            if since == NOTHING_YET and section in GROWING and len(here) >= NEWEST:
                continue
            here.append(written)
        sections = b",".join(_json(section) + b":{" + b",".join(here) + b"}" for section, here in things.items())
        return b'{"counter":%d,"things":{%s}}' % (self.counter, sections)


def _json(value: object) -> bytes:
    return _ENCODER.encode(value).encode()
