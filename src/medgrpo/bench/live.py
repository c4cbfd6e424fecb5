"""`medgrpo bench live`: how long from a picture's arrival to its decision, at a camera's own pace, and what it costs."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medgrpo.bench.beside import Beside, beside_slowest
from medgrpo.bench.figures import peak_memory_mb
from medgrpo.core import Config
from medgrpo.knowledge import load_procedure
from medgrpo.perception import Perceiver

if TYPE_CHECKING:  # the other benchmarks need no extra `live`
    from medgrpo.stream import Tick

CONTEXT = (
    "HoloHub's ai_surgical_video on a workstation GPU: AI part 16 ms mean, 22 ms p99, 37 ms end to end (live-video.md 2.1 of the "
    "reference); tools and segmentation, no reasoning"
)


class Latency(Config):
    """Over all looks of a run, in milliseconds."""

    mean_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    @classmethod
    def of(cls, values_ms: Sequence[float]) -> Latency:
        """Of at least one value."""
        p95, p99 = np.percentile(values_ms, [95, 99]).tolist()
        return cls(mean_ms=float(np.mean(values_ms)), p95_ms=p95, p99_ms=p99, max_ms=float(max(values_ms)))


class LiveRun(Config):
    """One size of picture. `cpu_share` is of one core (2.0: two cores busy all the time)."""

    size: str
    seconds: float
    looks: int
    pictures: int
    looks_per_second: float
    decision: Latency
    stages: Mapping[str, Latency]
    cpu_share: float
    memory_mb: float
    memory_growth_mb: float
    """Of resident memory from a tenth of the run to its end."""
    descriptors: int
    descriptors_growth: int
    beside_cores: float
    """Cores that other processes kept busy, mean over all looks: a figure of a quiet machine has nearly 0 here."""
    beside_slowest_cores: float
    """The same at the slowest hundredth of the looks."""


def run_live(video: Path, minutes: float, perceiver: Perceiver, looks_per_second: float, listen: Callable[[Tick], None]) -> LiveRun:
    """Play a video at its own speed, again and again, for so many minutes; everything is recorded as in a real case."""
    from medgrpo.audit import Journal, SigningKey
    from medgrpo.stream import STAGES, FastLoop, FileSource, LiveSession, Site, SystemClock, stamped

    clock = SystemClock()
    stages: dict[str, list[float]] = {name: [] for name in STAGES}
    marks: list[tuple[float, int]] = []
    size: list[str] = []

    decided: list[float] = []
    others: list[float] = []
    beside = Beside()

    def keep(tick: Tick) -> None:
        passed = beside.passed()
        if tick.latency_ms is not None:
            decided.append(tick.latency_ms)
            others.append(passed)
        for name, value in tick.stages_ms.items():
            stages[name].append(value)
        if tick.shown is not None and not size:
            size.append(f"{tick.shown.shape[1]}x{tick.shown.shape[0]}")
        marks.append((resident_mb(), sum(1 for _ in Path("/proc/self/fd").iterdir())))
        listen(tick)

    with tempfile.TemporaryDirectory() as folder:
        key = SigningKey.at(Path(folder) / "key.pem")
        source = FileSource(video, clock, 1.0, loops=0)
        loop = FastLoop(perceiver, load_procedure("cholecystectomy"), Site(), clock, live=True)
        with Journal(Path(folder) / "record", key, partial(stamped, clock), {}) as journal:
            session = LiveSession(source, loop, clock, journal, Path(folder), every_seconds=1 / looks_per_second, listeners=[keep])
            cpu, begun = time.process_time(), clock.seconds()
            session.run(lambda: clock.seconds() - begun >= 60 * minutes)
            cpu, seconds = time.process_time() - cpu, clock.seconds() - begun
    settled = marks[len(marks) // 10]
    return LiveRun(
        size=size[0],
        seconds=seconds,
        looks=session.totals.looks,
        pictures=session.totals.arrived,
        looks_per_second=session.totals.looks / seconds,
        decision=Latency.of(decided),
        stages={name: Latency.of(values) for name, values in stages.items()},
        cpu_share=cpu / seconds,
        memory_mb=peak_memory_mb(),
        memory_growth_mb=marks[-1][0] - settled[0],
        descriptors=marks[-1][1],
        descriptors_growth=marks[-1][1] - settled[1],
        beside_cores=float(np.mean(others)),
        beside_slowest_cores=beside_slowest(decided, others),
    )


def resident_mb() -> float:
    """Resident size of this process now, in MB of 10^6 bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
