"""A camera or a network stream: connected, lost, connected again with growing pauses. The case's time goes on by the clock."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from medgrpo.core import VideoError
from medgrpo.stream.arrival import Arrival, LinkEvent, LinkState, Signal
from medgrpo.stream.clock import Clock
from medgrpo.video import LiveReading, shown_address

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between two attempts; the last one is kept."""
_NAP_SECONDS = 0.1

Opened = Callable[[str], LiveReading]


class NetworkSource:
    """A moment of the case is the time since watching began: gaps stay gaps, whatever the stream's own stamps say."""

    def __init__(self, address: str, clock: Clock, opened: Opened = LiveReading) -> None:
        self.name, self.waits = shown_address(address), False
        self._address, self._clock, self._opened = address, clock, opened

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        clock, begun, index, attempt = self._clock, self._clock.seconds(), 0, 0
        while not stop():
            try:
                reading = self._opened(self._address)
            except VideoError as error:
                if index == 0:
                    raise
                attempt = yield from self._lost(str(error), attempt, stop)
                continue
            with reading:
                first, size, why = True, None, "the other side ended the stream"
                try:
                    for picture in reading.pictures():
                        if stop():
                            return
                        now = clock.seconds()
                        if first:
                            yield LinkEvent(LinkState.RECONNECTED if index else LinkState.CONNECTED, now, self.name)
                            first, attempt = False, 0
                        if size is not None and size != picture.size_wh:
                            yield LinkEvent(LinkState.SIZE_CHANGED, now, f"from {size} to {picture.size_wh}")
                        size = picture.size_wh
                        yield Arrival(index, now - begun, now, picture.mark, picture.size_wh, picture.image)
                        index += 1
                except VideoError as error:
                    why = str(error)
            if index == 0:
                raise VideoError(self.name, f"gave no picture: {why}")
            attempt = yield from self._lost(why, attempt, stop)

    def _lost(self, why: str, attempt: int, stop: Callable[[], bool]) -> Generator[Signal, None, int]:
        """Tell it (once per loss), pause, and count."""
        if attempt == 0:
            yield LinkEvent(LinkState.LOST, self._clock.seconds(), why)
        until = self._clock.seconds() + PAUSES_SECONDS[min(attempt, len(PAUSES_SECONDS) - 1)]
        while self._clock.seconds() < until and not stop():
            self._clock.sleep(_NAP_SECONDS)
        return attempt + 1
