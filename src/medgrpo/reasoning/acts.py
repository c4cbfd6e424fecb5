"""One act out of a noisy measure: two thresholds, a shortest length, and gaps that are merged. In seconds throughout."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from medgrpo.perception import Observation
from medgrpo.reasoning.config import LookConfig
from medgrpo.reasoning.evidence import EvidenceBuilder


@dataclass(slots=True)
class Act:
    """An act that is under way or has just ended; `last_seconds` is the last look at which it was above the lower threshold."""

    start_seconds: float
    last_seconds: float
    evidence: EvidenceBuilder
    risen: bool = False

    @property
    def duration_seconds(self) -> float:
        return self.last_seconds - self.start_seconds


class ActDetector:
    """Schmitt trigger in time. `update` returns an act once it is over: it rose above `on`, lasted, and fell below `off`."""

    def __init__(self, on: float, off: float, minimum_seconds: float, gap_seconds: float, look: LookConfig) -> None:
        self._on, self._off = on, off
        self._minimum, self._gap = minimum_seconds, gap_seconds
        self._look = look
        self.act: Act | None = None
        self._above = False  # the last look lay in a rise that got above `on`

    @property
    def active(self) -> bool:
        """The act under way has risen and lasted long enough to be relied on."""
        return self.act is not None and self._above and self.act.duration_seconds >= self._minimum

    def update(self, look: Observation, smoothed: float, score: float) -> Act | None:
        """`smoothed` decides, `score` (0..1) is kept as evidence."""
        high = smoothed >= self._off
        goes_on = high and self._above and self.act is not None and look.seconds - self.act.last_seconds <= self._look.holds_seconds
        ended = None if goes_on else self.idle(look.seconds)
        if not high:
            self._above = False
            if self.act is not None and not self.act.risen:
                self.act = None
            return ended
        if self.act is None or (not self.act.risen and look.seconds - self.act.start_seconds > self._gap):
            self.act = Act(look.seconds, look.seconds, EvidenceBuilder(self._look.evidence_looks))
        if smoothed >= self._on:
            self._above = self.act.risen = True
        if self._above or not self.act.risen:  # a rise that never gets above `on` does not lengthen an act that did
            self.act.last_seconds = look.seconds
            self.act.evidence.add(look, score)
        return ended

    def idle(self, seconds: float) -> Act | None:
        """Let time pass without a look; an act is over when nothing was seen of it for longer than the gap."""
        if self.act is None or seconds - self.act.last_seconds <= self._gap:
            return None
        return self.finish()

    def finish(self) -> Act | None:
        """Close what is under way."""
        act, self.act, self._above = self.act, None, False
        if act is None or not act.risen or act.duration_seconds < self._minimum:
            return None
        return act


def smoothing_weight(elapsed_seconds: float, time_constant_seconds: float) -> float:
    """How much a look after `elapsed_seconds` moves an exponential mean: 1 - exp(-elapsed / constant)."""
    return 1 - exp(-elapsed_seconds / time_constant_seconds)
