"""A video file as if it were live: at its own speed, faster, or as fast as it is looked at (then nothing is dropped)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from statistics import median

from medgrpo.core import InputError, VideoError
from medgrpo.stream.arrival import Arrival, Faults, LinkEvent, LinkState, Signal
from medgrpo.stream.clock import Clock
from medgrpo.stream.punctuality import Punctuality
from medgrpo.video import LiveReading, RingLimits


class FileSource:
    """`speed` 1 is the video's own; 0 is as fast as it is looked at. `loops`: how often it is played, 0 for ever, as one case.

    `keep`: as LiveReading's.
    """

    def __init__(self, path: Path, clock: Clock, speed: float = 1.0, loops: int = 1, keep: RingLimits | None = None) -> None:
        if not 0 <= speed <= 100:
            raise InputError(f"--speed is {speed:g}: give 0 (as fast as possible) to 100")
        self.name, self.waits = path.name, speed == 0
        self._path, self._clock, self._speed, self._loops = path, clock, speed, loops
        self._keep = keep

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        clock, index, begun, before = self._clock, 0, self._clock.seconds(), 0.0
        played, last, steps = 0, 0.0, deque[float](maxlen=5)
        while not stop() and (self._loops == 0 or played < self._loops):
            timing = Punctuality()
            with LiveReading(str(self._path), keep=self._keep) as reading:
                for picture in reading.pictures():
                    if stop():
                        return
                    if index == 0:
                        yield LinkEvent(LinkState.CONNECTED, clock.seconds(), self.name)
                    case, missing = last + _typical(steps) if picture.seconds is None else before + picture.seconds, 0
                    if index and case <= last:  # a stamp that goes back or stands still tells no time
                        case = last + _typical(steps)
                    else:
                        missing = timing.picture(picture.seconds, clock.seconds()).missing  # nothing comes late from a disk
                        steps.extend([max(0.001, min(1.0, case - last))] if index else [])
                    last = case
                    if self._speed:
                        wait = begun + case / self._speed - clock.seconds()
                        if wait > 0:
                            clock.sleep(wait)
                    faults = Faults(broken=picture.broken, missing=missing)
                    yield Arrival(
                        index,
                        case,
                        clock.seconds(),
                        picture.mark,
                        picture.size_wh,
                        picture.image,
                        picture.seconds,
                        faults,
                        picture.packets,
                        picture.brightness,
                    )
                    index += 1
            if index == 0:
                raise VideoError(self.name, "gave no picture: none of it could be decoded")
            before, played = last + _typical(steps), played + 1
        yield LinkEvent(LinkState.ENDED, clock.seconds(), "the file is at its end")


def _typical(steps: Collection[float]) -> float:
    """From one picture to the next, as it mostly is: one jump, from a damaged stretch, must not stretch what follows."""
    return median(steps) if steps else 0.04
