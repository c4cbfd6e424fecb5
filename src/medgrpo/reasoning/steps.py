"""Steps: which one of the settled phase is being done, as the semi-Markov model believes given that phase, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medgrpo.core import Span
from medgrpo.perception import Observation
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.evidence import EvidenceBuilder
from medgrpo.reasoning.records import StepSegment
from medgrpo.reasoning.tracking import NO_STEP


@dataclass(slots=True)
class _Leading:
    step: str
    since: float
    last: float
    evidence: EvidenceBuilder


class StepTracker:
    """Feed assessed looks. A step is settled once it has led, surely enough, for some seconds; it counts from where it began."""

    def __init__(self, config: ReasonerConfig) -> None:
        self._config, self._most = config.step, config.look.evidence_looks
        self._phase: str | None = None
        self._candidate: _Leading | None = None
        self._current: _Leading | None = None
        self.last: str | None = None  # the step of this phase that was settled last, whether or not it is still being done

    @property
    def step(self) -> str | None:
        """The settled step now; None where none of the phase's recognisable steps is."""
        return None if self._current is None or self._current.step == NO_STEP else self._current.step

    @property
    def since(self) -> float | None:
        """When the settled step began."""
        return None if self._current is None or self._current.step == NO_STEP else self._current.since

    def look(self, look: Observation, phase: str | None, phase_start: float, beliefs: Mapping[str, float]) -> list[StepSegment]:
        """`beliefs` of the steps given `phase`, which began at `phase_start`; the steps that are over."""
        closed: list[StepSegment] = []
        if phase != self._phase:
            closed = self.end(phase_start)
            self._phase = phase
        if phase is None:
            return closed
        leading = max(beliefs, key=lambda step: (beliefs[step], step))
        if self._current is not None and leading == self._current.step:
            self._candidate = None
            self._add(self._current, look, beliefs[leading])
            return closed
        if self._candidate is None or self._candidate.step != leading:
            self._candidate = _Leading(leading, look.seconds, look.seconds, EvidenceBuilder(self._most))
        self._add(self._candidate, look, beliefs[leading])
        lasted = look.seconds - self._candidate.since >= self._config.settle_seconds
        if lasted and beliefs[leading] >= self._config.settle_belief:
            closed += self._close(self._candidate.since)
            self._current, self._candidate = self._candidate, None
            self.last = self.last if leading == NO_STEP else leading
        return closed

    def end(self, at: float) -> list[StepSegment]:
        """The phase is over at `at`, or sight is lost, or the video ends."""
        closed = self._close(at)
        self._current = self._candidate = self.last = self._phase = None
        return closed

    def under_way(self) -> list[StepSegment]:
        """The step that is being done, as it stands now."""
        return self._close(self._current.last) if self._current is not None else []

    def _add(self, leading: _Leading, look: Observation, belief: float) -> None:
        leading.last = look.seconds
        leading.evidence.add(look, belief)

    def _close(self, at: float) -> list[StepSegment]:
        one = self._current
        if one is None or one.step == NO_STEP or self._phase is None:
            return []
        end = min(at, one.last)
        if end - one.since < self._config.minimum_seconds:
            return []
        return [StepSegment(Span(one.since, end), self._phase, one.step, one.evidence.mean, one.evidence.build())]
