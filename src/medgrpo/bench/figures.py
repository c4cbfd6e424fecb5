"""The figures of one measured run."""

from __future__ import annotations

import resource
import sys

from medgrpo.core import Config

REPORT_STAGE = "report"


class RunFigures(Config):
    """One run over one video in a process of its own.

    `stages` are wall-clock seconds. `realtime_factor` is seconds of video per second of work, all stages but the report's page;
    `peak_memory_mb` the largest resident size of the process (1 MB = 10^6 bytes), libraries and model included.
    """

    name: str
    video_seconds: float
    frames_decoded: int
    looks: int
    stages: dict[str, float]
    frames_per_second: dict[str, float]
    realtime_factor: float
    realtime_factor_with_report: float
    peak_memory_mb: float


def figures(name: str, video_seconds: float, frames_decoded: int, looks: int, stages: dict[str, float]) -> RunFigures:
    """Work the rates out; `frames_per_second` counts decoded frames for decode and looks for every other stage."""
    whole = sum(stages.values())
    counts = {stage: frames_decoded if stage == "decode" else looks for stage in stages if stage != REPORT_STAGE}
    return RunFigures(
        name=name,
        video_seconds=video_seconds,
        frames_decoded=frames_decoded,
        looks=looks,
        stages=stages,
        frames_per_second={stage: count / stages[stage] for stage, count in counts.items() if stages[stage] > 0},
        realtime_factor=video_seconds / (whole - stages.get(REPORT_STAGE, 0.0)),
        realtime_factor_with_report=video_seconds / whole,
        peak_memory_mb=peak_memory_mb(),
    )


def peak_memory_mb() -> float:
    """The largest resident size of this process so far, in MB of 10^6 bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # macOS counts bytes, Linux KiB
