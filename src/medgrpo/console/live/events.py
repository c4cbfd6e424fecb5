"""Server-sent events of a case: what changed, and once a second that the console is there and how old the newest entry is."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from medgrpo.console.live.board import NOTHING_YET
from medgrpo.console.live.feed import Feed

BEAT_SECONDS = 1.0
RETRY_MS = 1000
"""A browser whose connection breaks tries again after so long, and says by Last-Event-ID what it has seen."""


async def events(feed: Feed, since: int, goes_on: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """Until `goes_on` says no (signed out, console ending). An event's id is the number of the entry that it goes up to."""
    feed.viewers += 1
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        feed.start()
        await feed.caught_up()
        board, beat_at = feed.fold.board, float("-inf")
        if since > board.counter:  # of another record under the same name
            since = NOTHING_YET
        while await goes_on():
            if board.counter > since:
                patch, since = board.patch(since), board.counter
                yield b"id: %d\nevent: patch\ndata: %s\n\n" % (since, patch)
            if time.monotonic() - beat_at >= BEAT_SECONDS:
                beat_at = time.monotonic()
                yield _beat(feed)
            if feed.fault is not None:
                return
            await feed.changed(since, BEAT_SECONDS)
    finally:
        feed.viewers -= 1


def _beat(feed: Feed) -> bytes:
    beat = {
        "standing": feed.standing.value,
        "age_seconds": round(feed.age_seconds, 1),
        "fault": feed.fault,
        "now_ms": time.time_ns() // 1_000_000,
    }
    return f"event: beat\ndata: {json.dumps(beat)}\n\n".encode()
