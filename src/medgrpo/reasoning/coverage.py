"""How much of the video was looked at, to the second, and why the rest was not."""

from __future__ import annotations

from medgrpo.perception import Domain, Observation
from medgrpo.reasoning.records import Coverage

NO_LOOK = "no picture was looked at"
NOBODY_WATCHED = "nobody was watching: the watching process was started again"


class CoverageCounter:
    """Every look stands for the time until the next one, at most `holds_seconds`; the sum is the video's duration."""

    def __init__(self, holds_seconds: float) -> None:
        self._holds = holds_seconds
        self._last: tuple[float, str | None] | None = None
        self._assessed = 0.0
        self._not_assessed: dict[str, float] = {}
        self._domains: dict[Domain, int] = {}
        self.models: list[str] = []
        self.example: dict[str, Observation] = {}

    def look(self, look: Observation, reason: str | None, away: str = NO_LOOK) -> None:
        """`away`: why there was no look for so long before this one, where there was none."""
        if self._last is None and look.seconds > self._holds:
            self._add(look.seconds, away)
            self.example.setdefault(away, look)
        elif self._last is None:
            self._add(look.seconds, reason)
        else:
            self._until(look.seconds, away)
            if look.seconds - self._last[0] > self._holds:
                self.example.setdefault(away, look)
        self._last = (look.seconds, reason)
        if reason is not None:
            self.example.setdefault(reason, look)
        self._domains[look.domain] = self._domains.get(look.domain, 0) + 1
        if look.model not in self.models:
            self.models.append(look.model)

    def finish(self, end: float, nearest: Observation | None) -> Coverage:
        if self._last is not None:
            self._until(end)
        elif end > 0:
            self._add(end, NO_LOOK)
        if nearest is not None and NO_LOOK in self._not_assessed:
            self.example.setdefault(NO_LOOK, nearest)
        return Coverage(self._assessed, dict(self._not_assessed))

    @property
    def domain(self) -> Domain:
        """The domain most looks were in; UNKNOWN only when none was in a known one."""
        known = {domain: count for domain, count in self._domains.items() if domain is not Domain.UNKNOWN}
        return max(known, key=lambda domain: known[domain]) if known else Domain.UNKNOWN

    def _until(self, seconds: float, away: str = NO_LOOK) -> None:
        assert self._last is not None
        since, reason = self._last
        held = min(seconds - since, self._holds)
        self._add(held, reason)
        self._add(seconds - since - held, away)

    def _add(self, seconds: float, reason: str | None) -> None:
        if seconds <= 0:
            return
        if reason is None:
            self._assessed += seconds
        else:
            self._not_assessed[reason] = self._not_assessed.get(reason, 0.0) + seconds
