"""Inference told apart from the rest of perception, in a process that exists to measure."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from medgrpo.perception import Asking


class InferenceClock:
    """Seconds spent in the networks, their outputs' reading included."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def split(self, stages: Mapping[str, float]) -> dict[str, float]:
        """`perception` as `preprocess` (circle, view measures, scaling, smoothing) and `inference`; the others as they are."""
        parts: dict[str, float] = {}
        for stage, seconds in stages.items():
            if stage == "perception":
                parts["preprocess"], parts["inference"] = seconds - self.seconds, self.seconds
            else:
                parts[stage] = seconds
        return parts


@contextmanager
def inference_clock() -> Generator[InferenceClock]:
    """Within it the networks are timed, those asked at once as one. The class is timed, so the perceiver needs no door for it."""
    clock, look = InferenceClock(), Asking.ask

    def timed(self: Asking, *args: object, **kwargs: object) -> object:
        start = time.perf_counter()
        try:
            return look(self, *args, **kwargs)  # pyright: ignore[reportArgumentType]
        finally:
            clock.seconds += time.perf_counter() - start

    Asking.ask = timed  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield clock
    finally:
        Asking.ask = look
