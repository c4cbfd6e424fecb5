"""Technical alarms about ourselves: video lost or frozen, model late, a picture that is not ours to judge, record, clock.

Harm and onset of each are design values of this project: nobody is treated by this software, but who relies on it should learn that
it cannot look. They give the priority by the standard's table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from medgrpo.core import Config
from medgrpo.perception import Domain, Observation
from medgrpo.stream.alerts import ChannelReport, ChannelState, Harm, Kind, Onset, priority_of
from medgrpo.stream.arrival import Faults, LinkEvent, LinkState
from medgrpo.stream.clock import Clock
from medgrpo.stream.stillness import StillLimits, Stillness
from medgrpo.video import Brightness


class TechnicalLimits(Config):
    """When a technical alarm stands."""

    lost_seconds: float = 2.0
    """No picture for so long; or, while pictures come, no look at one that is younger."""
    frozen_seconds: float = 2.0
    """The same picture for so long, by what is looked at."""
    still: StillLimits = StillLimits()
    late_ms: float = 200.0
    """Decisions later than this after their picture's arrival, at least `late_share` of the last `late_looks`."""
    late_share: float = 0.2
    late_looks: int = 25
    damaged_pictures: int = 5
    """So many packets or pictures damaged, or pictures missing by their stamps, within `damaged_seconds`."""
    damaged_seconds: float = 5.0
    drift_seconds: float = 2.0
    """The wall clock has moved so far against the steady clock since the last check."""


@dataclass(frozen=True, slots=True)
class _About:
    what: str
    harm: Harm
    onset: Onset
    advice: str


CHANNELS: Mapping[str, _About] = {
    "video_lost": _About("video lost", Harm.REVERSIBLE, Onset.PROMPT, "Check the cable and the source; nothing is being watched."),
    "video_frozen": _About("video frozen", Harm.REVERSIBLE, Onset.PROMPT, "Do not rely on this picture; check the source."),
    "video_damaged": _About("pictures damaged", Harm.REVERSIBLE, Onset.DELAYED, "Check cable, network and sender; some were lost."),
    "model_late": _About("decisions late", Harm.REVERSIBLE, Onset.DELAYED, "Alerts come late or not at all; close other programs."),
    "out_of_domain": _About("not a picture that the model knows", Harm.REVERSIBLE, Onset.DELAYED, "Nothing is named in it."),
    "record": _About("record cannot be written", Harm.MINOR, Onset.PROMPT, "Make room on the disk; the gap will be marked."),
    "clock": _About("wall clock was set", Harm.MINOR, Onset.DELAYED, "Times of day in the record change here; intervals do not."),
}
"""By channel."""


_Verdict = tuple[ChannelState, str]
_DRIFT_SHOWN_SECONDS = 60.0
_OUTRUN = "pictures come in, but the last one that was looked at"


class TechnicalWatch:
    """Told of everything that happens to the live path; says every moment how each technical channel stands.

    `live` False: a file read as fast as it is looked at; lateness and loss mean nothing there and are NOT ASSESSED.
    """

    def __init__(self, clock: Clock, limits: TechnicalLimits, live: bool) -> None:
        self._clock, self._limits, self._live = clock, limits, live
        self._link_lost: str | None = None
        self._last_arrival = self._changed = self._shown = clock.seconds()
        self._old = False
        self._stillness = Stillness(limits.still)
        self._late: list[bool] = []
        self._damaged: deque[tuple[float, int]] = deque()
        self._domain: tuple[Domain, str] | None = None
        self._record: str | None = None
        self._offset = clock.wall().timestamp() - clock.seconds()
        self._drift: float | None = None
        self._moved = ""
        self._since: dict[str, tuple[ChannelState, str, float]] = {}
        self.ended = False

    def link(self, event: LinkEvent) -> None:
        if event.state is LinkState.LOST:
            self._link_lost = f"the connection is lost: {event.why}"
        elif event.state is LinkState.AWAITED:
            self._link_lost = event.why
        elif event.state in (LinkState.CONNECTED, LinkState.RECONNECTED):
            self._link_lost = None
        self.ended = self.ended or event.state is LinkState.ENDED

    def arrived(self, seconds: float) -> None:
        """A picture came in at the clock's `seconds`, whether it will be looked at or not; a reader's own thread may say so."""
        self._last_arrival = seconds

    def shown(self, mark: int, brightness: Brightness | None, seconds: float) -> None:
        """One that is looked at: its checksum and, where the source tells it, how bright it is by parts."""
        self._shown = seconds
        if self._stillness.moved(mark, brightness):
            self._changed = seconds

    def judged(self, arrived_seconds: float) -> None:
        """What is now known is known of the picture that came in at the clock's `arrived_seconds`."""
        self._old = self._live and self._clock.seconds() - arrived_seconds > self._limits.lost_seconds

    def faults(self, faults: Faults, seconds: float) -> None:
        """What happened to pictures on their way until the clock's `seconds`."""
        if faults.broken or faults.missing:
            self._damaged.append((seconds, faults.broken + faults.missing))

    def looked(self, observation: Observation, latency_ms: float) -> None:
        self._late = [*self._late[-(self._limits.late_looks - 1) :], latency_ms > self._limits.late_ms]
        self._domain = (observation.domain, observation.not_assessed or "")

    def recorded(self, failure: str | None) -> None:
        """The last entry went into the record (None), or why not."""
        self._record = failure

    @property
    def blind(self) -> str | None:
        """Why no picture can be judged now; None while pictures come that are not the same again and again."""
        for state, why in (self._lost(), self._frozen()):
            if state is ChannelState.ALERT:
                return why
        return None

    @property
    def outrun(self) -> str | None:
        """Why what the last look showed says nothing about now, although pictures come; None where it does."""
        return f"{_OUTRUN} is more than {self._limits.lost_seconds:g} s old: this machine is too slow" if self._old else None

    @property
    def lost(self) -> bool:
        """No pictures come, or the connection is known to be broken."""
        return self._lost()[0] is ChannelState.ALERT

    def reports(self, case_seconds: float) -> tuple[ChannelReport, ...]:
        """Every technical channel at that moment of the case."""
        judged = {
            "video_lost": self._lost(),
            "video_frozen": self._frozen(),
            "video_damaged": self._damage(),
            "model_late": self._lateness(),
            "out_of_domain": self._strange(),
            "record": _clear("entries are written") if self._record is None else _alert(self._record),
            "clock": self._clock_set(),
        }
        return tuple(self._report(channel, *verdict, case_seconds) for channel, verdict in judged.items())

    def _lost(self) -> _Verdict:
        now = self._clock.seconds()
        if self.ended:
            return ChannelState.NOT_ASSESSED, "the source has ended"
        if self._link_lost is not None:
            return _alert(self._link_lost)
        if self._live and now - self._last_arrival > self._limits.lost_seconds:
            return _alert(f"no picture for more than {self._limits.lost_seconds:g} s")
        return _clear("pictures come in")

    def _frozen(self) -> _Verdict:
        if self.ended or self.lost:
            return ChannelState.NOT_ASSESSED, "no pictures come in"
        if self._shown - self._changed > self._limits.frozen_seconds:  # of pictures: how long it took to judge them is no matter
            return _alert(f"the same picture for more than {self._limits.frozen_seconds:g} s")
        return _clear("the picture changes")

    def _damage(self) -> _Verdict:
        if self.ended or self._link_lost is not None:
            return ChannelState.NOT_ASSESSED, "no pictures come in"
        span = self._limits.damaged_seconds
        while self._damaged and self._clock.seconds() - self._damaged[0][0] > span:
            self._damaged.popleft()
        if sum(count for _, count in self._damaged) >= self._limits.damaged_pictures:
            return _alert(f"pictures were damaged or did not come, {self._limits.damaged_pictures} or more within {span:g} s")
        return _clear("pictures come whole")

    def _lateness(self) -> _Verdict:
        if not self._live:
            return ChannelState.NOT_ASSESSED, "a file read as fast as it is looked at: nothing can be late"
        if self.outrun is not None and not self.lost:
            return _alert(f"{self.outrun}; nothing is assessed")
        late = sum(self._late)
        if len(self._late) >= self._limits.late_looks and late >= self._limits.late_share * len(self._late):
            return _alert(f"decisions come more than {self._limits.late_ms:g} ms after their picture")
        return _clear(f"decisions come within {self._limits.late_ms:g} ms")

    def _strange(self) -> _Verdict:
        if self._domain is None:
            return ChannelState.NOT_ASSESSED, "no look yet"
        domain, why = self._domain
        if domain is Domain.UNKNOWN:
            return _alert(why or "the picture is not of a kind that the model knows")
        return _clear(f"{domain}")

    def _clock_set(self) -> _Verdict:
        offset = self._clock.wall().timestamp() - self._clock.seconds()
        moved = offset - self._offset
        if abs(moved) > self._limits.drift_seconds:
            self._drift, self._offset = self._clock.seconds(), offset
            self._moved = f"the wall clock moved by {moved:+.1f} s against the steady clock"
        if self._drift is not None and self._clock.seconds() - self._drift < _DRIFT_SHOWN_SECONDS:
            return _alert(self._moved)
        return _clear("wall clock and steady clock agree")

    def _report(self, channel: str, state: ChannelState, why: str, case_seconds: float) -> ChannelReport:
        about, before = CHANNELS[channel], self._since.get(channel)
        since = before[2] if before is not None and before[:2] == (state, why) else case_seconds
        self._since[channel] = (state, why, since)
        priority = priority_of(about.harm, about.onset)
        return ChannelReport(channel, about.what, state, since, why, Kind.TECHNICAL, priority, advice=about.advice)


def _alert(why: str) -> _Verdict:
    return ChannelState.ALERT, why


def _clear(why: str) -> _Verdict:
    return ChannelState.MONITORING, why
