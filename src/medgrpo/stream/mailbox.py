"""Between the reader and the fast loop: the newest picture wins, the others are counted; what concerns the link is never lost."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from medgrpo.stream.arrival import NO_FAULTS, Arrival, Faults, LinkEvent, Signal


@dataclass(frozen=True, slots=True)
class Taken:
    """What was waiting: link events in order, then at most one picture; `dropped` pictures were older than it and not looked at."""

    events: tuple[LinkEvent, ...]
    arrival: Arrival | None
    dropped: int
    duplicates: int
    arrived: int
    faults: Faults = NO_FAULTS

    def passed_for(self, newer: Taken) -> Taken:
        """Both together, where this one's picture was passed over for the newer one's."""
        return Taken(
            events=self.events + newer.events,
            arrival=newer.arrival,
            dropped=self.dropped + (self.arrival is not None) + newer.dropped,
            duplicates=self.duplicates + newer.duplicates,
            arrived=self.arrived + newer.arrived,
            faults=self.faults + newer.faults,
        )


NOTHING = Taken((), None, 0, 0, 0)


class Mailbox:
    """Room for one picture. `lossless`: `put` waits until the picture before was taken (a source that waits)."""

    def __init__(self, lossless: bool) -> None:
        self._lossless, self._condition = lossless, threading.Condition()
        self._events: deque[LinkEvent] = deque()
        self._arrival: Arrival | None = None
        self._mark: int | None = None
        self._dropped = self._duplicates = self._arrived = 0
        self._faults = NO_FAULTS
        self._closed = False
        self._error: BaseException | None = None

    def put(self, signal: Signal) -> None:
        with self._condition:
            if isinstance(signal, LinkEvent):
                self._events.append(signal)
            else:
                while self._lossless and self._arrival is not None and not self._closed:
                    self._condition.wait(0.5)
                self._dropped += self._arrival is not None
                self._duplicates += signal.mark == self._mark
                self._arrived += 1
                self._faults += signal.faults
                self._arrival, self._mark = signal, signal.mark
            self._condition.notify_all()

    def close(self, error: BaseException | None = None) -> None:
        """Nothing more will come; `error` is what ended the reader, raised at the next `take` that finds nothing."""
        with self._condition:
            self._closed, self._error = True, error
            self._condition.notify_all()

    def take(self, wait_seconds: float) -> Taken | None:
        """What has come in, waiting at most so long for something; None when nothing more will come."""
        with self._condition:
            if not self._events and self._arrival is None and not self._closed:
                self._condition.wait(wait_seconds)
            if self._closed and not self._events and self._arrival is None:
                if self._error is not None:
                    raise self._error
                return None
            taken = Taken(tuple(self._events), self._arrival, self._dropped, self._duplicates, self._arrived, self._faults)
            self._events.clear()
            self._arrival, self._dropped, self._duplicates, self._arrived = None, 0, 0, 0
            self._faults = NO_FAULTS
            self._condition.notify_all()
            return taken
