"""Collects the looks behind a record in constant memory and keeps a handful that represent them."""

from __future__ import annotations

from medgrpo.perception import Observation, Tip
from medgrpo.reasoning.records import Evidence


class EvidenceBuilder:
    """Feed looks in order of time; `build` gives at most `most` of them, evenly spread, the best one always among them.

    Deterministic: when the store is full every second look is dropped and the stride doubles.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._seconds: list[float] = []
        self._stride = 1
        self._since_kept = 0
        self._best_score = -1.0
        self._best_seconds = 0.0
        self._best_tips: tuple[Tip, ...] = ()
        self._model = ""
        self._sum = 0.0
        self.count = 0

    def add(self, look: Observation, score: float) -> None:
        """`score` 0..1: how well this look shows the thing."""
        score = min(1.0, max(0.0, score))
        if score > self._best_score:
            self._best_score, self._best_seconds = score, look.seconds
            self._best_tips = look.seen.tips if look.seen is not None else ()
            self._model = look.model
        self._sum += score
        if self.count == 0 or self._since_kept + 1 >= self._stride:
            self._seconds.append(look.seconds)
            self._since_kept = 0
            if len(self._seconds) > 4 * self._most:
                self._seconds = self._seconds[::2]
                self._stride *= 2
        else:
            self._since_kept += 1
        self.count += 1

    @property
    def last_seconds(self) -> float:
        """The last look that was kept."""
        return self._seconds[-1]

    @property
    def mean(self) -> float:
        return self._sum / self.count if self.count else 0.0

    def build(self, confidence: float | None = None) -> Evidence:
        """The evidence; `confidence` is the mean score unless given. ValueError when no look was added."""
        kept, places = self._seconds, self._most - 1  # one place is for the best look
        if len(kept) > places:
            last = len(kept) - 1
            kept = [kept[round(place * last / max(1, places - 1))] for place in range(places)]
        seconds = tuple(sorted({*kept, self._best_seconds})) if self.count else ()
        return Evidence(
            seconds=seconds,
            key_seconds=self._best_seconds,
            model=self._model,
            confidence=self.mean if confidence is None else confidence,
            tips=self._best_tips,
        )


def evidence_of(look: Observation, confidence: float) -> Evidence:
    """Evidence that is one look."""
    tips = look.seen.tips if look.seen is not None else ()
    return Evidence((look.seconds,), look.seconds, look.model, min(1.0, max(0.0, confidence)), tips)
