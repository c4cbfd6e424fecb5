"""Every network protocol for real, against a sender on this machine that is cut off and starts again: all at once, in real time.

Nothing is bound to how fast the machine is: each step waits for the one before it, for a minute at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from medgrpo.audit import Entry, Journal, SigningKey, read_entries, verify
from medgrpo.core import VideoError
from medgrpo.knowledge import load_procedure
from medgrpo.stream import (
    BegunSource,
    ChannelState,
    FastLoop,
    LiveSession,
    NetworkSource,
    Site,
    SystemClock,
    TechnicalLimits,
    Tick,
    stamped,
)
from medgrpo.video import LiveReading
from tests.stream import live, senders

PROTOCOLS = ("rtsp", "rtmp", "srt", "udp", "tcp", "hls")


class Watched:
    """A case on one sender, in its own thread."""

    def __init__(self, sender: Any, folder: Path) -> None:
        self.sender, self.folder, self.ticks = sender, folder, list[Tick]()
        self.key = SigningKey.at(folder / "key.pem")
        self.error: Exception | None = None
        self._stop = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        clock = SystemClock()
        source = NetworkSource(self.sender.address, clock, partial(LiveReading, silence_seconds=3.0))
        loop = FastLoop(
            live.PlotPerceiver(((0.0, "preparation", "grasper,retract,gallbladder"),)),
            load_procedure("cholecystectomy"),
            Site(),
            clock,
            live=True,
            limits=TechnicalLimits(lost_seconds=0.8),
        )
        try:
            with Journal(self.folder / "record", self.key, partial(stamped, clock), {}) as journal:
                self.session = LiveSession(self._begun(source), loop, clock, journal, None, listeners=[self.ticks.append])
                self.session.run(self._stop.is_set)
        except VideoError as error:
            self.error = error

    def _begun(self, source: NetworkSource) -> BegunSource:
        """Tried again as whoever starts `watch` does it: a playlist needs its first segments, a server a moment to listen."""
        end = time.monotonic() + 60
        while True:
            try:
                return BegunSource(source, self._stop.is_set)
            except VideoError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)

    def play(self) -> None:
        """Sent, cut off once there are some looks, sent again once that was said, until there are some looks again."""
        self.sender.begin()
        self.thread.start()
        self._until(lambda: self._looks_since_lost() >= 8)
        self.sender.cut()
        self._until(self._loss_is_said)
        self.sender.begin()
        self._until(lambda: self._looks_since_lost() >= 8)
        self._stop.set()
        self.thread.join(60)

    def _loss_is_said(self) -> bool:
        """The link's own word, three ticks without a picture since, and the alert."""
        ticks = list(self.ticks)
        lost = next((place for place, tick in enumerate(ticks) if any(one.state.value == "lost" for one in tick.events)), None)
        if lost is None or sum(tick.blind is not None for tick in ticks[lost:]) < 3:
            return False
        return any(change.channel == "video_lost" for tick in ticks for change in tick.changes)

    def _until(self, done: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.error is None and not done():
            time.sleep(0.1)

    def _looks_since_lost(self) -> int:
        looks = 0
        for tick in list(self.ticks):
            looks = 0 if any(event.state.value == "lost" for event in tick.events) else looks + (tick.observation is not None)
        return looks

    def entries(self, kind: str) -> list[dict[str, Any]]:
        found = [entry for _, _, entry, _ in read_entries(self.folder / "record") if isinstance(entry, Entry)]
        return [dict(entry.body) for entry in found if entry.kind == kind]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Watched]]:
    """All protocols that this ffmpeg speaks: sent for some seconds, cut off without a goodbye, sent again."""
    found: dict[str, Watched] = {}
    for name in PROTOCOLS:
        try:
            senders.needs("http" if name == "hls" else "rtp" if name == "rtsp" else name)
        except pytest.skip.Exception:
            continue
        folder = tmp_path_factory.mktemp(name)
        with_folder = name in ("rtsp", "hls")
        sender = getattr(senders, name)(folder) if with_folder else getattr(senders, name)()
        found[name] = Watched(sender, folder)
    players = [threading.Thread(target=one.play) for one in found.values()]
    try:
        for player in players:
            player.start()
        for player in players:
            player.join()
        yield found
    finally:
        for one in found.values():
            one.sender.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", PROTOCOLS)
def test_pictures_come_are_lost_and_come_again(name: str, watched: dict[str, Watched]) -> None:
    senders.needs("http" if name == "hls" else "rtp" if name == "rtsp" else name)
    case = watched[name]
    assert case.error is None
    assert [entry["state"] for entry in case.entries("link")][:3] == ["connected", "lost", "reconnected"]
    told = [(entry["channel"], entry["decision"]) for entry in case.entries("decision")]
    assert ("video_lost", "said") in told
    assert told[told.index(("video_lost", "said")) + 1 :].count(("video_lost", "ended")) >= 1
    blind = [tick for tick in case.ticks if tick.blind is not None]
    assert len(blind) >= 3
    for tick in blind:
        risks = [report.state for report in tick.channels if report.channel == "bleeding"]
        assert risks == [ChannelState.NOT_ASSESSED]
    assert case.session.totals.looks >= 16
    assert verify(case.folder / "record", case.key.public).genuine


@pytest.mark.slow
@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_clock_of_the_pictures_is_kept(name: str, watched: dict[str, Watched]) -> None:
    """Each look holds the sender's own time beside ours, and both go on alike."""
    senders.needs("http" if name == "hls" else "rtp" if name == "rtsp" else name)
    ticks, begun = [], False
    for entry in watched[name].entries("tick"):
        if begun and entry["look"] is None:
            break  # the first connection is enough
        begun = begun or entry["stamp_seconds"] is not None  # RTSP's first pictures may come before its stamps do
        ticks += [(entry["seconds"], entry["stamp_seconds"])] if begun else []
    assert len(ticks) >= 5
    assert all(later[1] > earlier[1] for earlier, later in pairwise(ticks))
    apart = [abs((later[1] - earlier[1]) - (later[0] - earlier[0])) for earlier, later in zip(ticks[1:], ticks[4:], strict=False)]
    assert min(apart) < 0.6, "but for where this machine paused"
