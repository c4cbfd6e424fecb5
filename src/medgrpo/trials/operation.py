"""A simulated operation through the live path's own fast loop: what was said, what was not, beside what really happened.

No picture is drawn: a perceiver gives the looks that the noise model made of the script, and everything behind it is what `medgrpo
watch` runs. Nobody answers the alerts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from medgrpo.core import Span
from medgrpo.evaluation import case_truths, conditions, noise_level, observe, truth_of
from medgrpo.knowledge import Procedure
from medgrpo.perception import Observation
from medgrpo.simulation import Deviation, FrameTruth, simulate
from medgrpo.stream import (
    Arrival,
    ChannelReport,
    ChannelState,
    Decision,
    FastLoop,
    ManualClock,
    Priority,
    Privacy,
    Site,
    Tick,
)
from medgrpo.video import Frame, Image

SHORTEST_SECONDS = 5.0
"""A lost view or energy without view shorter than this need not be alerted about; an alert about it is right all the same."""
_CONDITIONS = ("view", "energy_without_view")
_SIZE_WH = (32, 18)
_GREY: Image = np.full((_SIZE_WH[1], _SIZE_WH[0], 3), 90, np.uint8)


@dataclass(frozen=True, slots=True)
class Said:
    """An alert that was said, until its condition was over. `confidence` of its evidence at that moment, None without."""

    channel: str
    priority: Priority
    span: Span
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One operation. `events` by channel are the conditions that truly held and should be told; `excused` those too short for it.

    `unsaid` by channel and kind of reason; `state_changes` and `unassessed_seconds` by channel. Channels without a known truth (the
    technical ones other than the view) are absent from `events`.
    """

    case: str
    deviation: str
    hours: float
    events: Mapping[str, tuple[Span, ...]]
    excused: Mapping[str, tuple[Span, ...]]
    said: tuple[Said, ...]
    escalated: int
    unsaid: Mapping[tuple[str, str], int]
    state_changes: Mapping[str, int]
    unassessed_seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Staged:
    """An operation that can be watched again and again: its looks' truths and what truly held."""

    case: str
    deviation: Deviation
    seed: int
    seconds: float
    frames: tuple[FrameTruth, ...]
    conditions: Mapping[str, tuple[Span, ...]]

    def looks(self, noise: str) -> tuple[Observation, ...]:
        """What an imperfect perception sees of it at that level of noise. InputError when there is no such level."""
        return tuple(observe(self.frames, noise_level(noise), self.seed))


def stage(procedure: Procedure, minutes: float, seed: int, deviation: Deviation, looks_per_second: float) -> Staged:
    """Draw an operation's script and its truth. Equal arguments give equal operations."""
    case = simulate(procedure, minutes, seed, [deviation], size_wh=(320, 180))
    frames = tuple(case_truths(case, looks_per_second))
    truth = truth_of(case, frames)
    held = {channel: tuple(spans) for channel, spans in conditions(truth).items()}
    return Staged(case.name, deviation, seed, truth.duration_seconds, frames, held)


def watch(staged: Staged, looks: Sequence[Observation], procedure: Procedure, site: Site) -> Outcome:
    """Watch it under that site's rules. InputError for a threshold in `site` that cannot be."""
    listener = _Listener()
    for tick in _ticks(looks, procedure, site):
        listener.hear(tick)
    needed = {
        channel: tuple(span for span in spans if channel not in _CONDITIONS or span.duration_seconds >= SHORTEST_SECONDS)
        for channel, spans in staged.conditions.items()
    }
    excused = {channel: tuple(set(staged.conditions[channel]) - set(spans)) for channel, spans in needed.items()}
    return Outcome(
        case=staged.case,
        deviation=staged.deviation.value,
        hours=staged.seconds / 3600,
        events=needed,
        excused=excused,
        said=listener.said(staged.seconds),
        escalated=listener.escalated,
        unsaid=dict(listener.unsaid),
        state_changes=dict(listener.state_changes),
        unassessed_seconds=dict(listener.unassessed_seconds),
    )


class _Looks:
    """A perceiver that has looked already; every look is asked for once, in order."""

    model = "noise-model"

    def __init__(self, looks: Iterable[Observation]) -> None:
        self._looks = iter(looks)

    def look(self, frame: Frame) -> Observation:
        look = next(self._looks)
        assert look.seconds == frame.seconds
        return look

    def reset(self) -> None:
        """Nothing is remembered between looks."""

    def memory(self) -> str:
        return ""

    def restore(self, memory: str) -> None:
        del memory


def _ticks(looks: Sequence[Observation], procedure: Procedure, site: Site) -> Iterator[Tick]:
    """`live` False: how late this machine decides says nothing here, so that equal arguments give equal decisions."""
    clock, unseen = ManualClock(), site.model_copy(update={"privacy": Privacy(find_text=False)})  # no picture is there to read
    loop = FastLoop(_Looks(looks), procedure, unseen, clock, live=False)
    for index, look in enumerate(looks):
        clock.at(look.seconds)
        arrival = Arrival(index, look.seconds, clock.seconds(), index + 1, _SIZE_WH, lambda: _GREY)
        yield loop.look(arrival, (), 0, 0)


class _Listener:
    """Counts what a case's ticks say."""

    def __init__(self) -> None:
        self._open: dict[str, Said] = {}
        self._closed: list[Said] = []
        self._states: dict[str, ChannelState] = {}
        self._last_seconds = 0.0
        self.escalated = 0
        self.unsaid: Counter[tuple[str, str]] = Counter()
        self.state_changes: Counter[str] = Counter()
        self.unassessed_seconds: defaultdict[str, float] = defaultdict(float)

    def hear(self, tick: Tick) -> None:
        elapsed, self._last_seconds = tick.case_seconds - self._last_seconds, tick.case_seconds
        for report in tick.channels:
            self._state(report, elapsed)
        for change in tick.changes:
            if change.decision is Decision.SAID and change.alert is not None:
                confidence = change.alert.report.confidence
                self._open[change.channel] = Said(change.channel, change.priority, Span(change.seconds, change.seconds), confidence)
            elif change.decision is Decision.AGAIN:
                self._reopen(change.channel)
            elif change.decision in (Decision.ENDED, Decision.LATCHED):
                self._close(change.channel, change.seconds)
            elif change.decision is Decision.ESCALATED:
                self.escalated += 1
            elif change.withheld is not None:
                self.unsaid[change.channel, change.withheld.value] += 1

    def said(self, end_seconds: float) -> tuple[Said, ...]:
        """All, in order of time; what still stands ends with the operation."""
        for channel in list(self._open):
            self._close(channel, max(end_seconds, self._last_seconds))
        return tuple(sorted(self._closed, key=lambda one: one.span))

    def _close(self, channel: str, seconds: float) -> None:
        one = self._open.pop(channel)
        self._closed.append(Said(one.channel, one.priority, Span(one.span.start_seconds, seconds), one.confidence))

    def _reopen(self, channel: str) -> None:
        """Its last alert goes on: it was said once."""
        last = max((place for place, one in enumerate(self._closed) if one.channel == channel))
        self._open[channel] = self._closed.pop(last)

    def _state(self, report: ChannelReport, elapsed: float) -> None:
        before = self._states.get(report.channel)
        self.state_changes[report.channel] += before is not None and before is not report.state
        self._states[report.channel] = report.state
        if report.state is ChannelState.NOT_ASSESSED:
            self.unassessed_seconds[report.channel] += elapsed
