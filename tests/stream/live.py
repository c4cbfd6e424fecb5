"""A live path without camera or network: looks that follow a plot, a source that is told what happens, time set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Domain, Observation, Seen, View, ViewState
from medgrpo.stream import Arrival, LinkEvent, ManualClock, Signal
from medgrpo.video import Frame, Image

GREY = np.full((18, 32, 3), 90, np.uint8)


@dataclass
class PlotPerceiver:
    """Looks as `plot` says: (from second, phase, triplet name); outside the body where the phase is "outside"."""

    plot: tuple[tuple[float, str, str], ...]
    domain: Domain = Domain.SIMULATED
    model: str = "plot@1"
    looked: list[float] = field(default_factory=list)

    def reset(self) -> None:
        self.looked.clear()

    def memory(self) -> str:
        return ""

    def restore(self, memory: str) -> None:
        del memory

    def look(self, frame: Frame) -> Observation:
        self.looked.append(frame.seconds)
        phase, name = next((phase, name) for since, phase, name in reversed(self.plot) if frame.seconds >= since)
        if phase == "outside":
            return Observation(frame.seconds, View(ViewState.OUTSIDE, 0.5, 0.5, 0.1, 0), self.domain, None, "outside", self.model)
        triplet = next(one for one in TRIPLETS if one.name == name)
        rest = 0.1 / (len(PHASES) - 1)
        seen = Seen(
            tuple(0.95 if one == triplet.instrument else 0.02 for one in INSTRUMENTS),
            tuple(0.95 if one == triplet.verb else 0.02 for one in VERBS),
            tuple(0.95 if one == triplet.target else 0.02 for one in TARGETS),
            tuple(0.95 if one is triplet else 0.005 for one in TRIPLETS),
            tuple(0.9 if one == phase else rest for one in PHASES),
            (),
        )
        return Observation(frame.seconds, View(ViewState.INSIDE, 0.5, 0.5, 0.1, 0.02), self.domain, seen, None, self.model)


@dataclass
class PlotSource:
    """Gives arrivals at these case seconds and link events in between, moving the clock; marks differ unless `frozen`."""

    clock: ManualClock
    happenings: list[float | LinkEvent]
    frozen: tuple[float, float] | None = None
    paint: Callable[[], Image] = lambda: GREY
    name: str = "plot"
    waits: bool = True

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        for index, happening in enumerate(self.happenings):
            if stop():
                return
            if isinstance(happening, LinkEvent):
                yield happening
                continue
            self.clock.at(happening)
            still = self.frozen is not None and self.frozen[0] <= happening < self.frozen[1]
            yield Arrival(index, happening, self.clock.seconds(), 0 if still else index + 1, (32, 18), self.paint)
