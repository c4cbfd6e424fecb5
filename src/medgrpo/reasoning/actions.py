"""Actions: each of the 100 triplets smoothed over time, switched by two thresholds, never without its instrument in sight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.knowledge import INSTRUMENTS, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Observation, Seen
from medgrpo.reasoning.acts import Act, ActDetector, smoothing_weight
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.records import ActionSegment

Array = NDArray[np.float64]

_INSTRUMENT = np.array([INSTRUMENTS.index(triplet.instrument) for triplet in TRIPLETS])
_VERB = np.array([VERBS.index(triplet.verb) for triplet in TRIPLETS])
_TARGET = np.array([TARGETS.index(triplet.target) for triplet in TRIPLETS])


def action_scores(seen: Seen, component_weight: float) -> Array:
    """Shape (100,), 0..1: triplet^(1-w) * min(instrument, verb, target)^w, so that a triplet agrees with its parts."""
    triplets = np.asarray(seen.triplets)
    instruments, verbs, targets = np.asarray(seen.instruments), np.asarray(seen.verbs), np.asarray(seen.targets)
    weakest = np.minimum(np.minimum(instruments[_INSTRUMENT], verbs[_VERB]), targets[_TARGET])
    return triplets ** (1 - component_weight) * weakest**component_weight


class ActionTracker:
    """Feed assessed looks; `idle` when there is nothing to see. Each call returns the actions that are over."""

    def __init__(self, config: ReasonerConfig) -> None:
        self._config = config.action
        self._smoothed = np.zeros(len(TRIPLETS))
        self._open: dict[int, ActDetector] = {}
        self._look_config = config.look
        self.scores: Array = np.zeros(len(TRIPLETS))
        self.instruments: Array = np.zeros(len(INSTRUMENTS))

    @property
    def active(self) -> dict[str, Act]:
        """Actions under way that may be relied on, by triplet name."""
        return {TRIPLETS[index].name: one.act for index, one in self._open.items() if one.active and one.act is not None}

    def under_way(self) -> list[ActionSegment]:
        """The actions of `active`, as they stand now."""
        return [_segment(index, one.act) for index, one in self._open.items() if one.active and one.act is not None]

    @property
    def smoothed(self) -> Array:
        """Smoothed scores now, shape (100,)."""
        return self._smoothed

    def look(self, look: Observation, elapsed_seconds: float) -> list[ActionSegment]:
        assert look.seen is not None
        config = self._config
        weight = smoothing_weight(elapsed_seconds, config.smoothing_seconds)
        self.scores = action_scores(look.seen, config.component_weight)
        self._smoothed += weight * (self.scores - self._smoothed)
        self.instruments += weight * (np.asarray(look.seen.instruments) - self.instruments)
        allowed = np.where(self.instruments[_INSTRUMENT] >= config.instrument_on, self._smoothed, 0.0)
        for index in np.flatnonzero(allowed >= config.off).tolist():
            if index not in self._open:
                timing = config.minimum_seconds, config.merge_gap_seconds
                self._open[index] = ActDetector(config.on, config.off, *timing, self._look_config)
        closed: list[ActionSegment] = []
        for index, opened in list(self._open.items()):
            ended = opened.update(look, float(allowed[index]), float(self.scores[index]))
            if ended is not None:
                closed.append(_segment(index, ended))
            if opened.act is None:
                del self._open[index]
        return closed

    def idle(self, seconds: float) -> list[ActionSegment]:
        """Time passes unseen until `seconds`."""
        return self._close(lambda opened: opened.idle(seconds))

    def finish(self) -> list[ActionSegment]:
        return self._close(lambda opened: opened.finish())

    def _close(self, end: Callable[[ActDetector], Act | None]) -> list[ActionSegment]:
        closed: list[ActionSegment] = []
        for index, opened in list(self._open.items()):
            ended = end(opened)
            if ended is not None:
                closed.append(_segment(index, ended))
            if opened.act is None:
                del self._open[index]
        return closed


def _segment(index: int, act: Act) -> ActionSegment:
    evidence = act.evidence.build()
    return ActionSegment(Span(act.start_seconds, act.last_seconds), TRIPLETS[index].name, evidence.confidence, evidence)
