"""Unusual order: a phase followed by one that the procedure does not expect. The tracker allows it; here it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from medgrpo.core import Span
from medgrpo.knowledge import Procedure
from medgrpo.reasoning.config import OrderConfig
from medgrpo.reasoning.records import Evidence, PhaseSegment, UnusualOrder

ROUNDING_SECONDS = 1e-6


class OrderWatcher:
    """Feed the settled phase at every look; a phase counts once it has lasted long enough to be relied on."""

    def __init__(self, procedure: Procedure, config: OrderConfig) -> None:
        self._config = config
        self._phases = {phase.id: phase for phase in procedure.phases}
        self._followed = {phase.id: {one.phase: one.share for one in phase.followed_by} for phase in procedure.phases}
        self._before: str | None = None
        self._before_end = 0.0
        self._unseen_seconds = 0.0
        self._short: set[str] = set()  # phases since then that did not last long enough to be relied on

    def unseen(self, seconds: float) -> None:
        """So long nothing could be assessed: phases may have passed unseen."""
        self._unseen_seconds += seconds

    def look(self, now: float, phase: str, since: float, evidence: Callable[[], Evidence]) -> UnusualOrder | None:
        """`phase` is settled and began at `since`; the record, at the moment at which it is sure enough to say."""
        if now - since < self._config.reliable_seconds - ROUNDING_SECONDS:
            self._short.add(phase)
            return None
        before, ended = self._before, self._before_end
        may_have_passed = set(self._phases) if self._unseen_seconds >= self._config.unseen_seconds else self._short - {phase}
        self._before, self._before_end, self._unseen_seconds, self._short = phase, now, 0.0, set()
        if before is None or before == phase or self._leads_to(before, phase, may_have_passed):
            return None
        share = self._followed[before].get(phase, 0.0)
        expected = tuple(sorted(self._followed[before], key=lambda one: -self._followed[before][one]))
        names = " or ".join(self._phases[one].name for one in expected) or "the end of the operation"
        how = f"expected in {share:.0%} of cases" if share > 0 else "not among what the procedure expects"
        why = f"{self._phases[before].name} was followed by {self._phases[phase].name}, {how}; expected next was {names}"
        cited = (*self._phases[before].citations, *self._phases[phase].citations)
        span = Span(min(ended, since), now)
        return UnusualOrder(span, before, phase, share, expected, why, evidence(), tuple(dict.fromkeys(cited)))

    def _leads_to(self, before: str, phase: str, over: set[str]) -> bool:
        """Whether a usual way leads from one to the other, straight or over phases that may have passed."""
        reached: set[str] = set()
        ahead = [before]
        while ahead:
            usual = [one for one, share in self._followed[ahead.pop()].items() if share >= self._config.usual_share]
            ahead += [one for one in usual if one not in reached and one in over]
            reached.update(usual)
        return phase in reached


def phase_orders(procedure: Procedure, phases: Iterable[PhaseSegment], config: OrderConfig) -> tuple[UnusualOrder, ...]:
    """The unusual orders among phases that are already known."""
    watcher = OrderWatcher(procedure, config)
    found: list[UnusualOrder] = []
    for one in phases:
        if one.phase is None:
            watcher.unseen(one.span.duration_seconds)
            continue
        start, end = one.span.start_seconds, one.span.end_seconds
        sure = min(end, start + config.reliable_seconds)
        unusual = watcher.look(sure, one.phase, start, lambda one=one: one.evidence)
        if sure < end:
            watcher.look(end, one.phase, start, lambda one=one: one.evidence)
        found += [unusual] if unusual is not None else []
    return tuple(found)
