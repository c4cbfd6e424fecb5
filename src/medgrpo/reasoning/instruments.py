"""Visits: the stretches in which an instrument is in sight, whether or not what it does is recognised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medgrpo.core import Span
from medgrpo.knowledge import INSTRUMENTS
from medgrpo.perception import Observation
from medgrpo.reasoning.acts import Act, ActDetector, smoothing_weight
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.records import Evidence


@dataclass(frozen=True, slots=True)
class Visit:
    """One instrument class in sight over `span`."""

    instrument: str
    span: Span
    evidence: Evidence


class InstrumentTracker:
    """Feed assessed looks; `idle` when there is nothing to see. Each call returns the visits that are over."""

    def __init__(self, config: ReasonerConfig) -> None:
        own = config.instrument
        self._smoothing_seconds = own.smoothing_seconds
        self._smoothed = np.zeros(len(INSTRUMENTS))
        self._detectors = tuple(
            ActDetector(own.on, own.off, own.minimum_seconds, own.merge_gap_seconds, config.look) for _ in INSTRUMENTS
        )

    def look(self, look: Observation, elapsed_seconds: float) -> list[Visit]:
        assert look.seen is not None
        now = np.asarray(look.seen.instruments)
        self._smoothed += smoothing_weight(elapsed_seconds, self._smoothing_seconds) * (now - self._smoothed)
        ended = [
            detector.update(look, float(smoothed), float(score))
            for detector, smoothed, score in zip(self._detectors, self._smoothed, now, strict=True)
        ]
        return _visits(ended)

    def idle(self, seconds: float) -> list[Visit]:
        """Time passes unseen until `seconds`."""
        return _visits([detector.idle(seconds) for detector in self._detectors])

    def finish(self) -> list[Visit]:
        return _visits([detector.finish() for detector in self._detectors])

    def under_way(self) -> list[Visit]:
        """The visits that are not over, as they stand now."""
        return _visits([detector.act if detector.active else None for detector in self._detectors])


def _visits(acts: list[Act | None]) -> list[Visit]:
    return [
        Visit(name, Span(act.start_seconds, act.last_seconds), act.evidence.build())
        for name, act in zip(INSTRUMENTS, acts, strict=True)
        if act is not None
    ]
