"""Phase tracker: settles what the semi-Markov model of `tracking` believes.

Between looks the belief moves on as the procedure's durations and successors say; at a look it is weighed by the look's
probabilities to the power `evidence_per_second * seconds`, so that five looks per second count no more than one (looks of real
operations, whose errors last, count less: `PhaseConfig.real_evidence_per_second`). A new phase
is settled once it has led for `settle_seconds`; its start is then placed where the summed evidence turned in its favour (the
change point of the log-likelihood ratio), which may lie before that.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.knowledge import PHASES, Procedure
from medgrpo.perception import Domain, Observation
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.evidence import EvidenceBuilder, evidence_of
from medgrpo.reasoning.records import Evidence, PhaseSegment
from medgrpo.reasoning.smoothing import EvidenceLog
from medgrpo.reasoning.tracking import OperationModel

Array = NDArray[np.float64]
UNDECIDED = "no phase is likely enough to be named"


class PhaseTracker:
    """Feed assessed looks; tell it when sight is lost and regained. Each call returns the segments that are now closed."""

    def __init__(self, procedure: Procedure, config: ReasonerConfig) -> None:
        self._config = config.phase
        self._most = config.look.evidence_looks
        self.operation = OperationModel(procedure, config.phase, config.step)
        self.belief: Array = self.operation.phases
        self.log = EvidenceLog()
        self._summed: Array = np.zeros(len(PHASES))
        self._recent: deque[tuple[float, Array]] = deque()
        self._current: int | None = None
        self._candidate: tuple[int, float] | None = None
        self._start = 0.0
        self._reason: str | None = None
        self._evidence = EvidenceBuilder(self._most)
        self._candidate_evidence = EvidenceBuilder(self._most)

    @property
    def phase(self) -> str | None:
        """The settled phase now; None before the first one and while nothing can be assessed."""
        return None if self._current is None or self._reason is not None else PHASES[self._current]

    @property
    def start_seconds(self) -> float:
        return self._start

    @property
    def sure(self) -> bool:
        """The settled phase is still the one that is believed: no other is about to take its place."""
        return self.phase is not None and self.belief[PHASES.index(self.phase)] >= self._config.settle_belief

    def evidence(self, look: Observation) -> Evidence:
        """What the settled phase rests on so far; `look` where it has only just been taken up again."""
        return self._evidence.build() if self._evidence.count else evidence_of(look, float(self.belief.max()))

    def look(self, look: Observation, smoothed: Array, elapsed_seconds: float) -> list[PhaseSegment]:
        """One assessed look and the actions' smoothed scores (100,); `elapsed_seconds` since the last, as far as a look reaches."""
        assert look.seen is not None
        weighed = self.operation.look(look.seen, smoothed, elapsed_seconds, real=look.domain is Domain.CHOLECYSTECTOMY)
        self.log.add(look.seconds, weighed)
        self.belief = self.operation.phases
        # the ratio before this look belongs to the moment at which its stretch of evidence begins
        self._recent.append((look.seconds, self._summed))
        self._summed = self._summed + weighed
        while self._recent and look.seconds - self._recent[0][0] > self._config.lookback_seconds:
            self._recent.popleft()
        return self._decide(look)

    def _decide(self, look: Observation) -> list[PhaseSegment]:
        leading = int(self.belief.argmax())
        if leading == self._current:
            self._candidate = None
            self._evidence.add(look, float(self.belief[leading]))
            return []
        if self._candidate is None or self._candidate[0] != leading:
            self._candidate = (leading, look.seconds)
            self._candidate_evidence = EvidenceBuilder(self._most)
        self._candidate_evidence.add(look, float(self.belief[leading]))
        too_early = look.seconds - self._candidate[1] < self._config.settle_seconds
        if too_early or self.belief[leading] < self._config.settle_belief:
            return []
        return self._switch(leading)

    def _switch(self, leading: int) -> list[PhaseSegment]:
        closed: list[PhaseSegment] = []
        if self._current is not None:
            old = self._current
            boundary = min(self._recent, key=lambda entry: (entry[1][leading] - entry[1][old], -entry[0]))[0]
            if boundary > self._start and self._evidence.count:
                closed.append(self._close(boundary))
                self._start = boundary
        self._current, self._candidate = leading, None
        self._evidence = self._candidate_evidence
        self._forget()
        return closed

    def _forget(self) -> None:
        self._recent.clear()
        self._summed = np.zeros(len(PHASES))

    def _close(self, end: float) -> PhaseSegment:
        assert self._current is not None
        return PhaseSegment(Span(self._start, end), PHASES[self._current], self._evidence.mean, self._evidence.build())

    def under_way(self) -> list[PhaseSegment]:
        """The settled phase as it stands now."""
        if self._current is None or self._reason is not None or not self._evidence.count:
            return []
        return [self._close(max(self._start, self._evidence.last_seconds))]

    def until(self, now: float, look: Observation) -> list[PhaseSegment]:
        """The settled phase as it would be recorded if it ended now; `look` is the latest."""
        if self.phase is None:
            return []
        return [PhaseSegment(Span(min(self._start, now), now), self.phase, float(self.belief.max()), self.evidence(look))]

    def lost(self, at: float, reason: str, nearest: Observation) -> list[PhaseSegment]:
        """Sight was lost at `at`, or is lost for another reason from then on. `nearest` as in `back`."""
        closed: list[PhaseSegment] = []
        if self._candidate is not None and self.belief[self._candidate[0]] >= self._config.settle_belief:
            closed += self._switch(self._candidate[0])  # it would have settled: no more can be learnt before sight is back
        closed += self._end_at(at, nearest)
        self._start, self._reason = at, reason
        self._evidence = EvidenceBuilder(self._most)
        self._candidate = None
        return closed

    def blind_look(self, look: Observation) -> None:
        """A look within a stretch that is not assessed: it is what the stretch shows."""
        self._evidence.add(look, 0.0)

    def back(self, at: float, nearest: Observation) -> list[PhaseSegment]:
        """Sight is back from `at` on; `nearest` stands as evidence where the stretch held no look."""
        self.operation.wait(at - self._start)
        self.belief = self.operation.phases
        closed = self._end_at(at, nearest)
        self._start, self._reason = at, None
        self._evidence = EvidenceBuilder(self._most)
        self._forget()
        return closed

    def finish(self, end: float, nearest: Observation) -> list[PhaseSegment]:
        """The last segment."""
        return self._end_at(end, nearest)

    def _end_at(self, end: float, nearest: Observation) -> list[PhaseSegment]:
        if end < self._start or (end == self._start and end > 0):
            return []
        if self._reason is not None:
            evidence = self._evidence.build(0.0) if self._evidence.count else evidence_of(nearest, 0.0)
            return [PhaseSegment(Span(self._start, end), None, 0.0, evidence, self._reason)]
        if not self._evidence.count and self._candidate is not None:
            leading = self._candidate[0]
            if self.belief[leading] < self._config.settle_belief:
                return [PhaseSegment(Span(self._start, end), None, 0.0, self._candidate_evidence.build(0.0), UNDECIDED)]
            self._current, self._evidence = leading, self._candidate_evidence  # too short to settle, but clear
        return [self._close(end)] if self._current is not None and self._evidence.count else []
