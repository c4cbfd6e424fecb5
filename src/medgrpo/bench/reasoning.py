"""`medgrpo bench reasoning`: how long one tick of reasoning takes, on a long simulated operation seen through noise."""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from medgrpo import __version__
from medgrpo.core import Config
from medgrpo.knowledge import load_procedure
from medgrpo.perception import Observation
from medgrpo.reasoning import Reasoner

Array = NDArray[np.float64]
_TOLD_EVERY = 600  # looks between two calls of the listener


class ReasoningBench(Config):
    """Milliseconds of one `Reasoner.step`, and seconds of what is done once at the end.

    `p50_ms` to `largest_ms` are wall-clock time, what else runs on the machine included; `processor_...` the time that this thread
    was computing.
    """

    medgrpo_version: str
    minutes: float
    looks_per_second: float
    noise: str
    seed: int
    looks: int
    processors: int
    python: str
    system: str
    p50_ms: float
    p90_ms: float
    p99_ms: float
    largest_ms: float
    processor_p50_ms: float
    processor_p99_ms: float
    processor_largest_ms: float
    looks_per_second_reasoned: float
    finish_seconds: float
    revise_seconds: float


def bench_reasoning(
    minutes: float, looks_per_second: float, noise: str, seed: int, listen: Callable[[float], None] = lambda _share: None
) -> ReasoningBench:
    """Simulate, look through `noise` (low, medium, high), and time every tick. `listen` hears the share that is done."""
    from medgrpo.evaluation import NOISE, case_truths, observe  # the other benches run in processes that must stay small
    from medgrpo.simulation import simulate

    procedure = load_procedure("cholecystectomy")
    case = simulate(procedure, minutes, seed, size_wh=(160, 120), frame_rate=5)
    looks = list(observe(case_truths(case, looks_per_second), NOISE[noise], seed))
    reasoner = Reasoner(procedure)
    ticks, computing = time_ticks(reasoner, looks, listen)
    start = time.perf_counter()
    timeline = reasoner.finish()
    finished = time.perf_counter()
    reasoner.revised(timeline)
    p50, p90, p99, most = _points(ticks, (50, 90, 99, 100))
    own_p50, own_p99, own_most = _points(computing, (50, 99, 100))
    return ReasoningBench(
        medgrpo_version=__version__,
        minutes=minutes,
        looks_per_second=looks_per_second,
        noise=noise,
        seed=seed,
        looks=len(looks),
        processors=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        largest_ms=most,
        processor_p50_ms=own_p50,
        processor_p99_ms=own_p99,
        processor_largest_ms=own_most,
        looks_per_second_reasoned=len(looks) / float(ticks.sum()),
        finish_seconds=finished - start,
        revise_seconds=time.perf_counter() - finished,
    )


def time_ticks(reasoner: Reasoner, looks: Sequence[Observation], listen: Callable[[float], None]) -> tuple[Array, Array]:
    """Wall-clock and processor seconds of every `step`, each (looks,). A tick in which Python collects its rubbish counts that."""
    seconds, computing = np.empty(len(looks)), np.empty(len(looks))
    gc.collect()
    for place, look in enumerate(looks):
        own, start = time.thread_time(), time.perf_counter()
        reasoner.step(look)
        seconds[place], computing[place] = time.perf_counter() - start, time.thread_time() - own
        if place % _TOLD_EVERY == 0:
            listen(place / len(looks))
    return seconds, computing


def _points(seconds: Array, levels: Sequence[float]) -> list[float]:
    """Percentiles in milliseconds."""
    return [float(point) * 1000 for point in np.percentile(seconds, levels)]
