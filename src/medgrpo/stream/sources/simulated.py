"""The simulator as an endless camera: one drawn operation after the other, each with another seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from medgrpo.knowledge import load_procedure
from medgrpo.simulation import simulate
from medgrpo.stream.arrival import Arrival, LinkEvent, LinkState, Signal
from medgrpo.stream.clock import Clock


class SimulatedSource:
    """Pictures every 1/`rate` seconds, drawn when they are looked at. `cases` operations, 0 for ever."""

    def __init__(
        self,
        clock: Clock,
        *,
        minutes: float = 10.0,
        seed: int = 7,
        speed: float = 1.0,
        cases: int = 0,
        rate: int = 25,
        size_wh: tuple[int, int] = (854, 480),
    ) -> None:
        self.name, self.waits = f"simulated operations from seed {seed}", speed == 0
        self._clock, self._minutes, self._seed, self._speed = clock, minutes, seed, speed
        self._cases, self._rate, self._size_wh = cases, rate, size_wh

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        clock, procedure, index, before, made = self._clock, load_procedure("cholecystectomy"), 0, 0.0, 0
        begun = clock.seconds()
        yield LinkEvent(LinkState.CONNECTED, begun, self.name)
        while self._cases == 0 or made < self._cases:
            seed = (self._seed + made) % 10_000
            case = simulate(procedure, self._minutes, seed, size_wh=self._size_wh, frame_rate=self._rate)
            for frame in range(case.frame_count):
                if stop():
                    return
                seconds = case.seconds(frame)
                if self._speed:
                    wait = begun + (before + seconds) / self._speed - clock.seconds()
                    if wait > 0:
                        clock.sleep(wait)
                paint = partial(case.picture_at, seconds)
                yield Arrival(index, before + seconds, clock.seconds(), index, self._size_wh, paint)
                index += 1
            before, made = before + case.script.duration_seconds, made + 1
        yield LinkEvent(LinkState.ENDED, clock.seconds(), "the last operation is over")
