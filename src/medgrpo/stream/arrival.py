"""What a source of live video gives: pictures with the moment they came in, and what happens to the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from medgrpo.video import Image


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A picture. `index` counts all that came in; `case_seconds` is its moment in the case; `arrived_seconds` the clock's when it
    came in. `paint` makes the picture: it costs something, so only looks are painted."""

    index: int
    case_seconds: float
    arrived_seconds: float
    mark: int
    size_wh: tuple[int, int]
    paint: Callable[[], Image]


class LinkState(StrEnum):
    """What happened to the connection."""

    CONNECTED = "connected"
    LOST = "lost"
    RECONNECTED = "reconnected"
    SIZE_CHANGED = "picture size changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """A change of the connection at the clock's `seconds`, with its reason in words."""

    state: LinkState
    seconds: float
    why: str


Signal = Arrival | LinkEvent


class LiveSource(Protocol):
    """Something that gives pictures by itself. `name` may be shown and written down (no password in it).

    `waits`: the source gives a picture only when asked for the next (a file read as fast as it can be): none is ever dropped.
    """

    @property
    def name(self) -> str: ...

    @property
    def waits(self) -> bool: ...

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        """Until `stop` says so or the source has ended; a connection that breaks is told and tried again, never raised.

        VideoError when it cannot be opened the first time.
        """
        ...
