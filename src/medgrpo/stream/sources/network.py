"""A camera or a network stream: connected, lost, connected again with growing pauses. The case's time goes on by the clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Protocol

from medgrpo.core import VideoError
from medgrpo.stream.arrival import NO_FAULTS, Arrival, Faults, LinkEvent, LinkState, Signal
from medgrpo.stream.clock import Clock
from medgrpo.stream.punctuality import Pace, Punctuality
from medgrpo.video import LivePicture, LiveReading, shown_address

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between two attempts; the last one is kept."""
_NAP_SECONDS = 0.1
_REMEMBERED = 3000


class Reading(Protocol):
    """A connection, as LiveReading is one."""

    @property
    def bursts(self) -> bool: ...

    @property
    def finished(self) -> bool: ...

    def pictures(self) -> Iterator[LivePicture]: ...

    def close(self) -> None: ...


Opened = Callable[[str], Reading]


class NetworkSource:
    """A moment of the case is the time since watching began: gaps stay gaps, whatever the stream's own stamps say.

    A playlist (HLS) is given at the pace of its stamps; what it holds from before a connection broke is not passed on again.
    """

    def __init__(self, address: str, clock: Clock, opened: Opened = LiveReading) -> None:
        self.name, self.waits = shown_address(address), False
        self._address, self._clock, self._opened = address, clock, opened
        self._index, self._begun = 0, 0.0
        self._given: deque[tuple[float | None, int]] = deque(maxlen=_REMEMBERED)

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        self._index, self._begun, attempt = 0, self._clock.seconds(), 0
        while not stop():
            before = self._index
            try:
                reading = self._opened(self._address)
            except VideoError as error:
                if self._index == 0:
                    raise
                why = str(error)
            else:
                with closing(reading):
                    why = yield from self._connection(reading, stop)
            if stop():
                return
            if self._index == 0:
                raise VideoError(self.name, f"gave no picture: {why}")
            attempt = yield from self._lost(why, 0 if self._index > before else attempt, stop)

    def _connection(self, reading: Reading, stop: Callable[[], bool]) -> Generator[Signal, None, str]:
        """Everything that one connection gives; why it ended."""
        if reading.finished and self._index:
            return "the playlist is finished"
        timing, pace, size = Punctuality(), Pace(), None
        before, old = frozenset(self._given), reading.bursts and self._index > 0
        faults, first = NO_FAULTS, True
        try:
            for picture in reading.pictures():
                faults += Faults(broken=picture.broken)
                old = old and (picture.stamp, picture.mark) in before  # what is old comes first, if at all
                if old:
                    faults += Faults(replayed=1)
                    continue
                if reading.bursts:
                    self._given.append((picture.stamp, picture.mark))
                    self._pause(pace.wait_seconds(picture.stamp, self._clock.seconds()), stop)
                if stop():
                    return ""
                now = self._clock.seconds()
                faults += timing.picture(picture.stamp, now)
                if first:
                    yield LinkEvent(LinkState.RECONNECTED if self._index else LinkState.CONNECTED, now, self.name)
                    first = False
                if size is not None and size != picture.size_wh:
                    yield LinkEvent(LinkState.SIZE_CHANGED, now, f"from {_told(size)} to {_told(picture.size_wh)}")
                    timing = Punctuality()  # another format may come at another rate
                size = picture.size_wh
                yield self._arrival(picture, now, faults)
                faults = NO_FAULTS
        except VideoError as error:
            return str(error)
        return "the other side ended the stream"

    def _arrival(self, picture: LivePicture, now: float, faults: Faults) -> Arrival:
        self._index += 1
        return Arrival(
            index=self._index - 1,
            case_seconds=now - self._begun,
            arrived_seconds=now,
            mark=picture.mark,
            size_wh=picture.size_wh,
            paint=picture.image,
            stamp_seconds=picture.seconds,
            faults=faults,
            packets=picture.packets,
            brightness=picture.brightness,
        )

    def _lost(self, why: str, attempt: int, stop: Callable[[], bool]) -> Generator[Signal, None, int]:
        """Tell it (once per loss), pause, and count."""
        if attempt == 0:
            yield LinkEvent(LinkState.LOST, self._clock.seconds(), why)
        self._pause(PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)], stop)
        return attempt + 1

    def _pause(self, seconds: float, stop: Callable[[], bool]) -> None:
        until = self._clock.seconds() + seconds
        while (left := until - self._clock.seconds()) > 0 and not stop():
            self._clock.sleep(min(_NAP_SECONDS, left))


def _told(size_wh: tuple[int, int]) -> str:
    return f"{size_wh[0]}x{size_wh[1]}"
