"""What an analysis tells while it runs, and where its time went."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["decode", "perception", "reasoning", "write", "report"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`seconds` of the video's `duration_seconds` (None where the file does not say) have been looked at."""

    video: str
    stage: Literal["looking", "reporting"]
    seconds: float
    duration_seconds: float | None


ProgressListener = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """A listener for those who do not want to know."""


@dataclass(slots=True)
class StageClock:
    """Adds up the wall-clock seconds of each stage."""

    seconds: dict[Stage, float] = field(default_factory=dict[Stage, float])

    @contextmanager
    def timed(self, stage: Stage) -> Generator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
