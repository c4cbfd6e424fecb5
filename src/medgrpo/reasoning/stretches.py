"""Which stretches of the video could be assessed: a reason that does not last is bridged, never flickering."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.perception import Domain, Observation, ViewState


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start_seconds` on: None while assessed, else the reason why not."""

    start_seconds: float
    reason: str | None


def reason_not_assessed(look: Observation) -> str | None:
    """None when this look may be reasoned on. Perception's own words come first."""
    if look.not_assessed is not None:
        return look.not_assessed
    if look.domain is Domain.UNKNOWN:
        return "not recognised as laparoscopic cholecystectomy"
    if look.view.state is ViewState.OUTSIDE:
        return "camera outside the body"
    if look.view.state is ViewState.BLACK:
        return "black picture"
    return None


class StretchTracker:
    """A label becomes settled once it has lasted `settle_seconds`; it then counts from where it began."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self.current: Stretch | None = None
        self.pending: Stretch | None = None

    def update(self, seconds: float, reason: str | None) -> Stretch | None:
        """The stretch that has just become settled, if any. Call in order of time."""
        if self.current is None:
            self.current = Stretch(0.0, reason)
            return self.current
        settled = self.settle(seconds)
        if reason == self.current.reason:
            self.pending = None
        elif self.pending is None or self.pending.reason != reason:
            self.pending = Stretch(seconds, reason)
        return settled

    def settle(self, seconds: float) -> Stretch | None:
        """Let time pass until `seconds` under the present label."""
        if self.pending is None or seconds - self.pending.start_seconds < self._settle:
            return None
        self.current, self.pending = self.pending, None
        return self.current
