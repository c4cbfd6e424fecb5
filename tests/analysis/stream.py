"""A stream of hours that costs nothing to make, analysed in a process of its own; prints its memory as JSON.

`python stream.py MINUTES OUT`: 5 looks per second; phases of a seventh each, another action every seven seconds, blood at times.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np
from scripted import ScriptedPerceiver

from medgrpo.analysis import AnalysisOptions, Progress, VideoIdentity, analyze_source
from medgrpo.knowledge import TRIPLETS
from medgrpo.perception import Domain
from medgrpo.video import Frame, ReadingReport, VideoInfo

ACTIONS = ("grasper,retract,gallbladder", "hook,dissect,gallbladder", "clipper,clip,cystic_duct", "irrigator,aspirate,fluid")
INDICES = tuple(next(triplet.index for triplet in TRIPLETS if triplet.name == name) for name in ACTIONS)


class Stream:
    """A FrameSource of drawn colours: small pictures, any length."""

    def __init__(self, duration_seconds: float) -> None:
        self.duration_seconds = duration_seconds
        self.info = VideoInfo(Path("stream"), 32, 18, duration_seconds, Fraction(25), "none", 0)
        self.report = ReadingReport(0, 0, 0, False)

    def looks(self, every_seconds: float, start_seconds: float = 0.0) -> Iterator[Frame]:
        for index in range(int(self.duration_seconds / every_seconds)):
            if index * every_seconds >= start_seconds:
                yield self.frame_at(index * every_seconds)

    def frame_at(self, seconds: float) -> Frame:
        phase = int(seconds / self.duration_seconds * 7)
        triplet = INDICES[int(seconds / 7) % len(INDICES)]
        blood = 0.4 if seconds % 600 < 12 else 0.0
        colour = np.array([(phase + 0.5) / 7, (triplet + 0.5) / 100, blood]) * 255
        return Frame(int(seconds * 25), seconds, np.full((18, 32, 3), colour, dtype=np.uint8))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    minutes, out = float(sys.argv[1]), Path(sys.argv[2])
    source = Stream(minutes * 60)
    video = VideoIdentity(
        name="stream", sha256="0" * 64, size_bytes=0, width=32, height=18, duration_seconds=minutes * 60,
        duration_is_estimate=False, frame_rate="25",
        codec="none", rotation_degrees=0, tags={},
    )  # fmt: skip
    samples: list[float] = []

    def listen(progress: Progress) -> None:
        if progress.stage == "looking" and progress.seconds % 60 < 0.1:
            samples.append(resident_mb())

    result = analyze_source(source, video, out, AnalysisOptions(), ScriptedPerceiver(domain=Domain.SIMULATED), listen)
    after = resident_mb()
    tenth = len(samples) // 10
    figures = {
        "looks": result.summary.looks, "phases": len(result.timeline.phases), "actions": len(result.timeline.actions),
        "after_a_tenth_mb": samples[tenth], "largest_mb": max(samples), "after_the_report_mb": after,
        "stage_seconds": result.stage_seconds, "analysis_mb": result.analysis_path.stat().st_size / 1e6,
        "report_mb": result.report_path.stat().st_size / 1e6,
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main()
