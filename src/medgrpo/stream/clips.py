"""Clips around what was said: cut from the packets as they came, or, where a source gives none, encoded once from what was shown.

A cut clip carries undimmed pictures, so it fails closed: it reaches only as far around its moment as every look was surely inside
the body (not veiled, not blurred), looks no further apart than MOST_GAP_SECONDS. Where text is masked, or looked for, clips are
encoded from shown pictures, which are dimmed and masked. What is not kept is recorded with its reason.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgrpo.core import VideoError
from medgrpo.perception import ViewState
from medgrpo.stream.alerts import Decision, Kind
from medgrpo.stream.arrival import Arrival
from medgrpo.stream.keeping import ClipSettings
from medgrpo.stream.kept_files import unused
from medgrpo.stream.privacy import PrivacyFilter
from medgrpo.stream.tick import Tick
from medgrpo.video import ClipFile, Cut, PacketRing, PictureEncoder, write_clip

FOLDER = "clips"
MOST_GAP_SECONDS = 0.5
"""Two looks further apart leave pictures between them that nobody looked at."""
_LATE_SECONDS = 2.0
_MOST_WAITING = 8
REMUXED, ENCODED = "remuxed, nothing encoded anew", "encoded once from the pictures as they were shown"


@dataclass(frozen=True, slots=True)
class _Look:
    """`why`: why pictures around it may not leave undimmed; None where they may."""

    stamp: float
    why: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    alert: str
    channel: str
    stamp: float
    case_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    wanted: _Wanted
    cut: Cut
    how: str


class ClipKeeper:
    """Told of every look in order; `take` gives what is to be recorded. `waits`: files are written at once, in this thread."""

    def __init__(self, case_dir: Path, settings: ClipSettings, *, waits: bool) -> None:
        self._folder, self.settings = case_dir / FOLDER, settings
        for left in self._folder.glob(".*.unfinished.*"):
            left.unlink()  # a process that was killed while writing
        self._ring: PacketRing | None = None
        self._encoder: PictureEncoder | None = None
        self._looks: deque[_Look] = deque()
        self._wanted: list[_Wanted] = []
        self._done: deque[Mapping[str, Any]] = deque()
        self._orders: queue.Queue[_Order | None] = queue.Queue(_MOST_WAITING)
        self._thread = None if waits else threading.Thread(target=self._work, name="clips", daemon=True)
        if self._thread is not None:
            self._thread.start()

    def look(self, arrival: Arrival | None, tick: Tick, privacy: PrivacyFilter) -> None:
        """A moment of the case: its picture and what was decided."""
        if arrival is not None:
            stamp = self._follow(arrival, tick, privacy)
            if stamp is not None:
                if self._looks and stamp < self._looks[-1].stamp:  # the stream's clock was set back
                    self._cut_all()
                    self._looks.clear()
                self._looks.append(_Look(stamp, self._unfit(tick, privacy)))
                while stamp - self._looks[0].stamp > self.settings.limits.seconds:
                    self._looks.popleft()
            for change in tick.changes:
                alert = change.alert
                if change.decision is not Decision.SAID or alert is None or alert.report.kind is Kind.TECHNICAL:
                    continue
                if stamp is None:
                    self._refuse(alert.id, change.channel, "the picture at which it was said has no time of its own")
                else:
                    self._wanted.append(_Wanted(alert.id, change.channel, stamp, change.seconds))
        for wanted in [one for one in self._wanted if self._ripe(one, tick.case_seconds)]:
            self._wanted.remove(wanted)
            self._cut(wanted)

    def finish(self) -> None:
        """The case is over: what waits is cut as far as it reaches, and all files are written."""
        self._cut_all()
        if self._thread is not None:
            self._orders.put(None)
            self._thread.join()
            self._thread = None

    def take(self) -> Sequence[Mapping[str, Any]]:
        """Bodies of `clip` entries since the last call: a file with its hash, or why there is none."""
        done: list[Mapping[str, Any]] = []
        while self._done:
            done.append(self._done.popleft())
        return done

    def _follow(self, arrival: Arrival, tick: Tick, privacy: PrivacyFilter) -> float | None:
        """The ring that this picture's packets went to becomes the one that is cut from; the picture's own time in it."""
        if arrival.packets is not None and not privacy.masks:
            self._change(arrival.packets.ring)
            return arrival.packets.seconds
        if tick.shown is None:
            return None
        height, width = tick.shown.shape[:2]
        if self._encoder is None or self._encoder.size_wh != (width, height):
            self._encoder = PictureEncoder(width, height, self.settings.limits)
        self._change(self._encoder.ring)
        self._encoder.add(tick.shown, tick.case_seconds)
        return tick.case_seconds

    def _change(self, ring: PacketRing) -> None:
        if ring is not self._ring:
            self._cut_all()
            self._looks.clear()
            self._ring = ring

    @property
    def _encodes(self) -> bool:
        return self._encoder is not None and self._ring is self._encoder.ring

    def _unfit(self, tick: Tick, privacy: PrivacyFilter) -> str | None:
        if self._encodes:
            return None  # such a clip is made of what was shown
        look = tick.observation
        if look is None:
            return f"a picture was not judged ({tick.blind})" if tick.blind else "a picture was not judged"
        if look.view.state is not ViewState.INSIDE:
            return f"the view was {look.view.state.value}"
        return None if privacy.clear else "the camera was not surely inside the body"

    def _ripe(self, wanted: _Wanted, case_seconds: float) -> bool:
        until = wanted.stamp + self.settings.after_seconds
        after = next((look for look in self._looks if look.stamp >= wanted.stamp and (look.why or look.stamp >= until)), None)
        return after is not None or case_seconds >= wanted.case_seconds + self.settings.after_seconds + _LATE_SECONDS

    def _cut_all(self) -> None:
        waiting, self._wanted = self._wanted, []
        for wanted in waiting:
            self._cut(wanted)

    def _cut(self, wanted: _Wanted) -> None:
        reach = clean_reach(self._looks, wanted.stamp, float("inf") if self._encodes else MOST_GAP_SECONDS)
        if isinstance(reach, str):
            self._refuse(wanted.alert, wanted.channel, reach)
            return
        assert self._ring is not None
        since, until = reach
        settings = self.settings
        cut = self._ring.cut(wanted.stamp - settings.before_seconds, since, min(until, wanted.stamp + settings.after_seconds))
        if isinstance(cut, str):
            self._refuse(wanted.alert, wanted.channel, cut)
            return
        order = _Order(wanted, cut, ENCODED if self._encodes else REMUXED)
        if self._thread is None:
            self._write(order)
            return
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            self._refuse(wanted.alert, wanted.channel, "the disk was too slow: other clips were still waiting to be written")

    def _refuse(self, alert: str, channel: str, why: str) -> None:
        self._done.append({"alert": alert, "channel": channel, "not_kept": why})

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            self._write(order)

    def _write(self, order: _Order) -> None:
        wanted, cut = order.wanted, order.cut
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            written = write_clip(cut, self._folder / unused(self._folder, wanted.alert))
        except (VideoError, OSError) as error:
            self._refuse(wanted.alert, wanted.channel, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a broken stream does to a muxer, the case goes on; it is recorded
            self._refuse(wanted.alert, wanted.channel, f"{type(error).__name__}: {error}")
        else:
            self._done.append(_kept(written, order))


def _kept(written: ClipFile, order: _Order) -> Mapping[str, Any]:
    wanted, cut = order.wanted, order.cut
    offset = wanted.case_seconds - wanted.stamp
    return {
        "alert": wanted.alert,
        "channel": wanted.channel,
        "file": f"{FOLDER}/{written.name}",
        "sha256": written.sha256,
        "bytes": written.size_bytes,
        "from_seconds": round(cut.from_seconds + offset, 3),
        "until_seconds": round(cut.until_seconds + offset, 3),
        "how": order.how,
        "codec": written.codec,
    }


def clean_reach(looks: Sequence[_Look], stamp: float, most_gap_seconds: float) -> tuple[float, float] | str:
    """From which to which look pictures around that moment may leave as they are; or why not even those at it."""
    at = next((place for place, look in enumerate(looks) if look.stamp == stamp), None)
    if at is None:
        return "the look at which it was said is no longer kept"
    found = looks[at].why
    if found is not None:
        return found
    reached: list[float] = []
    for step in (-1, 1):
        place = at
        while 0 <= place + step < len(looks):
            here, there = looks[place], looks[place + step]
            if there.why is not None or abs(there.stamp - here.stamp) > most_gap_seconds:
                break
            place += step
        reached.append(looks[place].stamp)
    if reached[0] == reached[1]:
        return f"no look within {most_gap_seconds:g} s of it was surely inside the body"
    return reached[0], reached[1]
