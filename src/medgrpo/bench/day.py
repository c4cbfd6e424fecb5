"""`medgrpo bench day`: a case that goes on for a day, time compressed. Do memory and descriptors stay as they are?

`decisions`: no picture is drawn; a noise model says what an imperfect perception would see of drawn operations, one after the
other, and everything behind it is what `medgrpo watch` runs: reasoning, alerts, record, evidence. `pictures`: the simulator's
pictures are drawn, looked at by the shipped models, and clips are encoded.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from medgrpo.bench.live import resident_mb
from medgrpo.core import Config
from medgrpo.knowledge import load_procedure
from medgrpo.perception import Observation, load_perceiver
from medgrpo.video import Frame, Image

if TYPE_CHECKING:  # the other benchmarks need no extra `live`
    from medgrpo.stream import Arrival, Tick

DayPath = Literal["decisions", "pictures"]
_OPERATION_MINUTES = 40.0
_SIZE_WH = (32, 18)
_GREY: Image = np.full((_SIZE_WH[1], _SIZE_WH[0], 3), 90, np.uint8)


class HourFigures(Config):
    """At the end of an hour of the case. `kept`: records and notes that the reasoner holds. `wall_seconds` since the beginning."""

    hour: float
    looks: int
    said: int
    memory_mb: float
    descriptors: int
    kept: int
    record_mb: float
    wall_seconds: float


class DayRun(Config):
    """`growth_mb`: of resident memory from the row that ends a sixth of the run (the fourth hour of a day) to the last."""

    path: DayPath
    looks_per_second: float
    rows: tuple[HourFigures, ...]
    growth_mb: float
    descriptors_growth: int


def run_day(path: DayPath, hours: float, looks_per_second: float, listen: Callable[[HourFigures], None]) -> DayRun:
    """Watch so many hours; `listen` hears every row: one an hour, or a twelfth of a shorter run."""
    from medgrpo.audit import Journal, SigningKey
    from medgrpo.stream import (
        ClipKeeper,
        ClipSettings,
        FastLoop,
        LiveSession,
        ManualClock,
        SimulatedSource,
        Site,
        SystemClock,
        stamped,
    )

    every_hours = 1.0 if hours >= 12 else hours / 12
    clock, rows, begun, said = ManualClock(), list[HourFigures](), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if path == "decisions":
            source = _Endless(looks_per_second)
            perceiver, settings = source, ClipSettings()
        else:
            source = SimulatedSource(clock, minutes=_OPERATION_MINUTES, speed=0, cases=0)
            perceiver, settings = load_perceiver(), ClipSettings(keep=True)
        loop = FastLoop(perceiver, load_procedure("cholecystectomy"), Site(), clock, live=False)
        clips = ClipKeeper(folder, settings, waits=True) if settings.keep else None

        def hear(tick: Tick) -> None:
            nonlocal said
            said += sum(change.decision.value == "said" for change in tick.changes)
            if tick.case_seconds < 3600 * every_hours * (len(rows) + 1):
                return
            gc.collect()
            rows.append(
                HourFigures(
                    hour=every_hours * (len(rows) + 1),
                    looks=session.totals.looks,
                    said=said,
                    memory_mb=resident_mb(),
                    descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
                    kept=loop.reasoner.kept,
                    record_mb=sum(file.stat().st_size for file in (folder / "record").iterdir()) / 1e6,
                    wall_seconds=time.monotonic() - begun,
                )
            )
            listen(rows[-1])

        key = SigningKey.at(folder / "key.pem")
        with Journal(folder / "record", key, partial(stamped, SystemClock()), {}) as journal:
            session = LiveSession(
                source, loop, clock, journal, folder, every_seconds=1 / looks_per_second, listeners=[hear], clips=clips
            )
            session.run(lambda: len(rows) >= round(hours / every_hours))
    settled = rows[max(0, len(rows) // 6 - 1)]
    return DayRun(
        path=path,
        looks_per_second=looks_per_second,
        rows=tuple(rows),
        growth_mb=rows[-1].memory_mb - settled.memory_mb,
        descriptors_growth=rows[-1].descriptors - settled.descriptors,
    )


class _Endless:
    """Source and perceiver in one: drawn operations without end, seen through medium noise; each look is made when asked for."""

    name, waits, model = "operations without end, through noise", True, "noise-model"

    def __init__(self, looks_per_second: float) -> None:
        self._rate = looks_per_second
        self._next: Observation | None = None

    def signals(self, stop: Callable[[], bool]) -> Iterator[Arrival]:
        from medgrpo.stream import Arrival

        for index, look in enumerate(self._looks()):
            if stop():
                return
            self._next = look
            yield Arrival(index, look.seconds, look.seconds, index + 1, _SIZE_WH, lambda: _GREY)

    def look(self, frame: Frame) -> Observation:
        assert self._next is not None
        assert self._next.seconds == frame.seconds
        return self._next

    def reset(self) -> None:
        """Nothing is remembered between looks."""

    def memory(self) -> str:
        return ""

    def restore(self, memory: str) -> None:
        del memory

    def _looks(self) -> Iterator[Observation]:
        from medgrpo.evaluation import NOISE, case_truths, observe
        from medgrpo.simulation import Deviation, simulate

        procedure, deviations, seed, before = load_procedure("cholecystectomy"), tuple(Deviation), 0, 0.0
        while True:
            deviation = deviations[seed % len(deviations)]
            case = simulate(procedure, _OPERATION_MINUTES, seed, [deviation], size_wh=(160, 120), frame_rate=5)
            last = before
            for look in observe(case_truths(case, self._rate), NOISE["medium"], seed):
                last = round(before + look.seconds, 6)
                yield replace(look, seconds=last)
            seed, before = (seed + 1) % 10_000, last + 1 / self._rate
