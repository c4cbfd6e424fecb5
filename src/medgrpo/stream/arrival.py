"""What a source of live video gives: pictures with the moment they came in, and what happens to the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from medgrpo.video import AmongPackets, Brightness, Image


@dataclass(frozen=True, slots=True)
class Faults:
    """How many pictures something happened to on their way to us.

    `late`: came later than their own stamps allow. `missing`: their stamps are skipped, so they never came. `broken`: packets that
    did not decode, and pictures that the decoder calls damaged. `replayed`: a playlist gave them a second time; not passed on.
    """

    late: int = 0
    missing: int = 0
    broken: int = 0
    replayed: int = 0

    def __add__(self, other: Faults) -> Faults:
        return Faults(
            self.late + other.late, self.missing + other.missing, self.broken + other.broken, self.replayed + other.replayed
        )


NO_FAULTS = Faults()


def _not_known() -> None:
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A picture. `index` counts all that came in; `case_seconds` is its moment in the case; `arrived_seconds` the clock's when it
    came in. `paint` makes the picture: it costs something, so only looks are painted. `stamp_seconds`: the source's own clock, from
    the first picture of this connection, None where it has none. `faults`: since the picture before.
    `packets`: the compressed packets that it came among, None where there are none or nobody asked for them. `brightness`: by
    parts, worked out when asked for; None where the source does not tell it."""

    index: int
    case_seconds: float
    arrived_seconds: float
    mark: int
    size_wh: tuple[int, int]
    paint: Callable[[], Image]
    stamp_seconds: float | None = None
    faults: Faults = NO_FAULTS
    packets: AmongPackets | None = None
    brightness: Callable[[], Brightness | None] = _not_known


class LinkState(StrEnum):
    """What happened to the connection. AWAITED: the first one is not called but waited for."""

    AWAITED = "waiting for a sender"
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

        VideoError when it cannot be opened the first time; a source that senders come to says AWAITED then, and goes on.
        """
        ...
