"""A source whose first signal has come: it could be opened. Nothing of a case is written before that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from medgrpo.core import Interrupted
from medgrpo.stream.arrival import LiveSource, Signal


class BegunSource:
    """Waits for the first signal, as long as nobody says `stop` (Interrupted then); VideoError where the source cannot be opened.

    A source that may come later (it is waited for, not called) gives its first signal as soon as it is ready to be reached.
    """

    def __init__(self, source: LiveSource, stop: Callable[[], bool]) -> None:
        self.name, self.waits = source.name, source.waits
        self._stop = stop
        self._signals = source.signals(lambda: self._stop())
        first = next(self._signals, None)
        if first is None:
            raise Interrupted(f"{source.name}: stopped before a picture came; nothing was recorded")
        self._first = first

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        """Once only."""
        self._stop = stop
        yield self._first
        yield from self._signals
