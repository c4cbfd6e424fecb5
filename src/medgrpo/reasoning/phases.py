"""Phase tracker: a causal hidden Markov filter over calibrated phase probabilities.

Between looks the belief flows along the procedure's successors (rates from typical durations, shortened by `time_scale`); at a
look it is weighed by the look's probabilities to the power `evidence_per_second * seconds`, so that five looks per second
count no more than one. A new phase is settled once it has led for `settle_seconds`; its start is then placed where the summed
evidence turned in its favour (the change point of the log-likelihood ratio), which may lie before that.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span
from medgrpo.knowledge import PHASES, Procedure
from medgrpo.perception import Observation
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.evidence import EvidenceBuilder, evidence_of
from medgrpo.reasoning.records import Evidence, PhaseSegment

Array = NDArray[np.float64]
UNDECIDED = "no phase is likely enough to be named"


def flow_per_second(procedure: Procedure, time_scale: float, unexpected_share: float) -> Array:
    """Rates of change, shape (7, 7), [from, to], per second; rows sum to 0.

    A phase is left at 1 / (typical middle seconds * time_scale); named successors share most exits by their shares, all other
    phases, earlier ones included, share `unexpected_share` of them.
    """
    flow = np.zeros((len(PHASES), len(PHASES)))
    for phase in procedure.phases:
        row = PHASES.index(phase.id)
        leaving = 1 / (phase.typical_seconds[1] * time_scale)
        named = {PHASES.index(successor.phase): successor.share for successor in phase.followed_by}
        others = [column for column in range(len(PHASES)) if column != row and column not in named]
        expected = 1 - unexpected_share if named else 0.0
        for column, share in named.items():
            flow[row, column] = leaving * expected * share
        for column in others:
            flow[row, column] = leaving * unexpected_share / len(others)
        flow[row, row] = -flow[row].sum()
    return flow


class PhaseTracker:
    """Feed assessed looks; tell it when sight is lost and regained. Each call returns the segments that are now closed."""

    def __init__(self, procedure: Procedure, config: ReasonerConfig) -> None:
        self._config = config.phase
        self._most = config.look.evidence_looks
        self._flow = flow_per_second(procedure, config.phase.time_scale, config.phase.unexpected_share)
        self._identity = np.eye(len(PHASES))
        first = config.phase.first_phase_prior
        self.belief: Array = np.array([first] + [(1 - first) / (len(PHASES) - 1)] * (len(PHASES) - 1))
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

    def evidence(self, look: Observation) -> Evidence:
        """What the settled phase rests on so far; `look` where it has only just been taken up again."""
        return self._evidence.build() if self._evidence.count else evidence_of(look, float(self.belief.max()))

    def look(self, look: Observation, elapsed_seconds: float) -> list[PhaseSegment]:
        """One assessed look; `elapsed_seconds` since the last one, as far as a look reaches."""
        assert look.seen is not None
        steps = max(1, math.ceil(elapsed_seconds / 0.5))  # Euler steps short enough for the fastest rate
        move = self._identity + self._flow * (elapsed_seconds / steps)
        for _ in range(steps):
            self.belief = self.belief @ move
        floor = self._config.uncertainty
        evidence = np.log((1 - floor) * np.asarray(look.seen.phases) + floor / len(PHASES))
        weighed = evidence * (self._config.evidence_per_second * elapsed_seconds)
        scaled = self.belief * np.exp(weighed - weighed.max())
        self.belief = scaled / scaled.sum()
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
        dark = min(at - self._start, self._config.lookback_seconds)
        for _ in range(math.ceil(dark / 0.5)):
            self.belief = self.belief @ (self._identity + self._flow * 0.5)
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
