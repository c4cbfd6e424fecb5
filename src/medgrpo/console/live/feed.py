"""One case as it is now, for everybody who looks at it: its record is read once, its pictures are scaled once per size."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

from medgrpo.audit import Entry, Follower
from medgrpo.console.listing import Standing, standing_after
from medgrpo.console.live.fold import Fold
from medgrpo.console.live.picture import Pictures
from medgrpo.console.unpathed import without_paths
from medgrpo.core import RecordError

POLL_SECONDS = 0.05
_AT_ONCE_BYTES = 256 << 10
"""Read and folded in one go, about 5 ms: others wait no longer than that while hours of record are taken up."""
_IDLE_SECONDS = 60.0


class Feed:
    """Reads while somebody looks, and a minute longer. `fault`: why the record cannot be read on, in words."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.fold, self.pictures = folder, Fold(), Pictures(folder)
        self.fault: str | None = None
        self.viewers = 0
        self._follower = Follower(folder / "record")
        self._changed, self._caught_up = asyncio.Condition(), asyncio.Event()
        self._newest_at = float("-inf")
        self._wanted_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """See to it that the record is being read. Call it whenever something is asked of the feed."""
        self._wanted_at = time.monotonic()
        if self._task is None or self._task.done():
            self._caught_up.clear()
            self._task = asyncio.get_running_loop().create_task(self._read())

    async def caught_up(self) -> None:
        """Until everything that stood in the record at the start is on the board (or it turned out that it cannot be read)."""
        await self._caught_up.wait()

    async def changed(self, since: int, most_seconds: float) -> None:
        """Until the board has gone on beyond that entry, at most so long."""
        try:
            async with asyncio.timeout(most_seconds), self._changed:
                await self._changed.wait_for(lambda: self.fold.board.counter > since or self.fault is not None)
        except TimeoutError:
            return

    @property
    def idle(self) -> bool:
        return self._task is not None and self._task.done()

    @property
    def age_seconds(self) -> float:
        """Since the newest entry was written: by the wall clock when it was read, by the steady clock from then on."""
        return time.monotonic() - self._newest_at

    @property
    def standing(self) -> Standing:
        return Standing.DAMAGED if self.fault is not None else standing_after(self.fold.newest_kind, self.age_seconds)

    async def _read(self) -> None:
        while self.viewers or time.monotonic() - self._wanted_at < _IDLE_SECONDS:
            try:
                entries = self._follower.read(_AT_ONCE_BYTES)
            except RecordError as error:
                self.fault, entries = without_paths(error, self.folder.parent), list[Entry]()
            for entry in entries:
                self.fold.take(entry)
            if not entries:
                self._caught_up.set()
            elif self.fold.newest is not None:
                age = (datetime.now(UTC) - self.fold.newest).total_seconds()
                self._newest_at = time.monotonic() - max(0.0, age)
            if entries or self.fault is not None:
                async with self._changed:
                    self._changed.notify_all()
            if self.fault is not None:
                return
            await asyncio.sleep(0 if entries and not self._caught_up.is_set() else POLL_SECONDS)


class Hub:
    """The feeds of all cases that somebody looks at. Those that nobody does are forgotten, and read anew when wanted."""

    def __init__(self) -> None:
        self._feeds: dict[Path, Feed] = {}

    def feed(self, folder: Path) -> Feed:
        """Reading already. A damaged record is tried again from its beginning each time that somebody comes."""
        for path in [path for path, feed in self._feeds.items() if feed.idle]:
            del self._feeds[path]
        found = self._feeds.get(folder)
        if found is None or found.fault is not None:
            found = self._feeds[folder] = Feed(folder)
        found.start()
        return found

    @property
    def viewers(self) -> int:
        return sum(feed.viewers for feed in self._feeds.values())
