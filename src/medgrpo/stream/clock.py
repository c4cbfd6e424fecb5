"""One clock for everything that is live: steady seconds for intervals, wall time for people. Tests set it by hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """`seconds` never goes back and cannot be set; `wall` can be set by anyone, so no interval is ever taken from it."""

    def seconds(self) -> float: ...

    def wall(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """This machine's."""

    def seconds(self) -> float:
        return time.monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """Goes on only when told. Sleeping moves it, so that what paces itself by it needs no waiting."""

    def __init__(self, wall: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._seconds, self._wall = 0.0, wall

    def seconds(self) -> float:
        return self._seconds

    def wall(self) -> datetime:
        return self._wall

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds
        self._wall += timedelta(seconds=seconds)

    def at(self, seconds: float) -> None:
        """Move on to that moment; moments that have passed leave it where it is."""
        self.sleep(max(0.0, seconds - self._seconds))

    def jump_wall(self, seconds: float) -> None:
        """Someone sets the wall clock."""
        self._wall += timedelta(seconds=seconds)


def stamped(clock: Clock) -> tuple[str, float]:
    """Wall time in ISO 8601 with milliseconds, and steady seconds rounded to microseconds: what a record's entry carries."""
    return clock.wall().isoformat(timespec="milliseconds").replace("+00:00", "Z"), round(clock.seconds(), 6)
