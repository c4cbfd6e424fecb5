"""Events: single acts (a clip, a division, a bag) from grouped triplets, and what the picture itself shows (blood, lost view).

A clip or a division is counted when its measure has risen and fallen again: one event per act. The target is named only when
one tissue holds most of the act's probability; duct and artery together give the more general cystic pedicle, all else None.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.knowledge import INSTRUMENTS, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Observation
from medgrpo.reasoning.acts import Act, ActDetector, smoothing_weight
from medgrpo.reasoning.config import LookConfig, ReasonerConfig
from medgrpo.reasoning.records import Event, EventKind

Array = NDArray[np.float64]

_CLIPPED = ("cystic_duct", "cystic_artery", "cystic_pedicle", "blood_vessel", "cystic_plate")
_DIVIDED = ("cystic_duct", "cystic_artery", "cystic_pedicle", "blood_vessel")
_PEDICLE = ("cystic_duct", "cystic_artery", "cystic_pedicle")


class TripletEvents:
    """Acts of one kind, from all triplets with the given verbs and targets; their parts must agree with them."""

    def __init__(
        self, kind: EventKind, verbs: tuple[str, ...], targets: tuple[str, ...], gap_seconds: float, config: ReasonerConfig
    ) -> None:
        event = config.event
        self._kind, self._config = kind, event
        chosen = [triplet for triplet in TRIPLETS if triplet.verb in verbs and triplet.target in targets]
        self._triplets = np.array([triplet.index for triplet in chosen])
        self._targets = np.array([TARGETS.index(triplet.target) for triplet in chosen])
        self._instruments = sorted({INSTRUMENTS.index(triplet.instrument) for triplet in chosen})
        self._verbs = [VERBS.index(verb) for verb in verbs]
        self._detector = ActDetector(event.on, event.off, event.minimum_seconds, gap_seconds, config.look)
        self._smoothed = 0.0
        self._shares: Array = np.zeros(len(TARGETS))

    def look(self, look: Observation, elapsed_seconds: float) -> list[Event]:
        assert look.seen is not None
        triplets = np.asarray(look.seen.triplets)[self._triplets]
        instrument = max(look.seen.instruments[index] for index in self._instruments)
        verb = max(look.seen.verbs[index] for index in self._verbs)
        score = (float(triplets.max()) * min(instrument, verb)) ** 0.5  # joined look by look: chance highs rarely coincide
        self._smoothed += smoothing_weight(elapsed_seconds, self._config.smoothing_seconds) * (score - self._smoothed)
        was_open = self._detector.act is not None
        ended = self._detector.update(look, self._smoothed, score)
        closed = self._event(ended)
        if ended is not None or not was_open:
            self._shares = np.zeros(len(TARGETS))
        if self._detector.act is not None:
            np.add.at(self._shares, self._targets, triplets * elapsed_seconds)
        return closed

    def idle(self, seconds: float) -> list[Event]:
        return self._event(self._detector.idle(seconds))

    def finish(self) -> list[Event]:
        return self._event(self._detector.finish())

    def _event(self, act: Act | None) -> list[Event]:
        if act is None or act.evidence.mean < self._config.least_mean:
            return []
        return [Event(self._kind, Span(act.start_seconds, act.last_seconds), self._target(), act.evidence.build())]

    def _target(self) -> str | None:
        total = float(self._shares.sum())
        if total <= 0:
            return None
        best = int(self._shares.argmax())
        if self._shares[best] >= self._config.target_share * total:
            return TARGETS[best]
        pedicle = sum(float(self._shares[TARGETS.index(name)]) for name in _PEDICLE)
        return "cystic_pedicle" if pedicle >= self._config.target_share * total else None


class MeasureEvents:
    """Events of the picture itself: an image measure, not learned, that rises and falls."""

    def __init__(self, kind: EventKind, on: float, off: float, minimum: float, gap: float, look: LookConfig) -> None:
        self._kind = kind
        self.detector = ActDetector(on, off, minimum, gap, look)

    def look(self, look: Observation, measure: float, score: float) -> list[Event]:
        return self._event(self.detector.update(look, measure, score))

    def idle(self, seconds: float) -> list[Event]:
        return self._event(self.detector.idle(seconds))

    def finish(self) -> list[Event]:
        return self._event(self.detector.finish())

    def _event(self, act: Act | None) -> list[Event]:
        return [] if act is None else [Event(self._kind, Span(act.start_seconds, act.last_seconds), None, act.evidence.build())]


class BloodMeasure:
    """Visible blood above its own baseline: share of the circle's area, smoothed. The baseline falls fast and rises slowly."""

    def __init__(self, config: ReasonerConfig) -> None:
        self._config = config.event
        self._smoothed: float | None = None
        self._baseline = 0.0
        self._age = 0.0

    def rise(self, blood_fraction: float, elapsed_seconds: float, bleeding: bool) -> float:
        """How far the smoothed measure lies above its baseline; 0 while the baseline is still being learned.

        While `bleeding` stands the baseline hardly rises: blood that stays is not taken for the usual level.
        """
        config = self._config
        if self._smoothed is None:
            self._smoothed = self._baseline = blood_fraction
        self._smoothed += smoothing_weight(elapsed_seconds, config.blood_smoothing_seconds) * (blood_fraction - self._smoothed)
        self._age += elapsed_seconds
        warm = self._age >= config.blood_warm_up_seconds
        rising = self._smoothed > self._baseline and warm
        upwards = config.blood_baseline_held_seconds if bleeding else config.blood_baseline_rise_seconds
        constant = upwards if rising else config.blood_baseline_fall_seconds
        self._baseline += smoothing_weight(elapsed_seconds, constant) * (self._smoothed - self._baseline)
        return max(0.0, self._smoothed - self._baseline) if warm else 0.0


def triplet_events(config: ReasonerConfig) -> tuple[TripletEvents, ...]:
    """The three kinds of act that are read from triplets."""
    gap, bag = config.event.act_gap_seconds, config.event.bag_gap_seconds
    return (
        TripletEvents(EventKind.CLIP_APPLIED, ("clip",), _CLIPPED, gap, config),
        TripletEvents(EventKind.STRUCTURE_DIVIDED, ("cut",), _DIVIDED, gap, config),
        TripletEvents(EventKind.BAG_USED, ("grasp", "pack"), ("specimen_bag",), bag, config),
    )
