"""The fast loop's middle: one picture in, one decision out. Nothing here waits for anything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from medgrpo.analysis import rounded
from medgrpo.core import VideoError
from medgrpo.knowledge import Procedure
from medgrpo.perception import Perceiver
from medgrpo.reasoning import Reasoner, Timeline
from medgrpo.stream.alerts import AlertManager, Change, ChannelReport, Site
from medgrpo.stream.arrival import Arrival, LinkEvent
from medgrpo.stream.channels import RiskChannels
from medgrpo.stream.clock import Clock
from medgrpo.stream.privacy import PrivacyFilter
from medgrpo.stream.technical import TechnicalLimits, TechnicalWatch
from medgrpo.stream.thresholds import reasoner_config
from medgrpo.stream.tick import Tick, Unjudged
from medgrpo.video import Frame

Channels = tuple[ChannelReport, ...]
KEEPS_SECONDS = 7200.0
"""So long the reasoner keeps a case's records whole; what is older is in the record, and memory stays flat."""


class FastLoop:
    """Stateful: one case. `live` False where the source waits (see TechnicalWatch). InputError for a threshold that cannot be."""

    def __init__(
        self,
        perceiver: Perceiver,
        procedure: Procedure,
        site: Site,
        clock: Clock,
        *,
        live: bool,
        limits: TechnicalLimits | None = None,
    ) -> None:
        limits = limits or TechnicalLimits()
        # where pictures come by themselves a look stands no longer for the summary than for the channels
        config = reasoner_config(site, limits.lost_seconds if live else None)
        self.reasoner = Reasoner(procedure, config, keeps_seconds=KEEPS_SECONDS)
        self.alerts = AlertManager(site)
        self.technical = TechnicalWatch(clock, limits, live)
        self.privacy = PrivacyFilter(site.privacy)
        self._perceiver, self._clock = perceiver, clock
        self._risks = RiskChannels(self.reasoner, procedure)
        self._number, self._last_look, self._decided_seconds = 0, 0.0, 0.0
        self._blind_since: float | None = None
        perceiver.reset()

    def look(self, arrival: Arrival, events: Sequence[LinkEvent], dropped: int, duplicates: int) -> Tick:
        """A picture is judged: unless the link or a frozen picture forbids it, then nothing is claimed about it. Where that took so
        long that it says nothing about now, what it shows is taken down and nothing is assessed."""
        started = time.perf_counter()
        waited = self._clock.seconds() - arrival.arrived_seconds
        for event in events:
            self.technical.link(event)
        self.technical.shown(arrival.mark, arrival.brightness(), arrival.arrived_seconds)
        if self.technical.blind is not None:
            tick = self.no_look(arrival.case_seconds, (), dropped, duplicates)
            unjudged = Unjudged.LOST if self.technical.lost else Unjudged.FROZEN
            return replace(tick, events=tuple(events), unjudged=unjudged)
        try:
            image = arrival.paint()
        except VideoError:
            tick = self.no_look(arrival.case_seconds, (), dropped, duplicates, "the picture is damaged")
            return replace(tick, events=tuple(events), unjudged=Unjudged.DAMAGED)
        painted = time.perf_counter()
        observation = rounded(self._perceiver.look(Frame(arrival.index, arrival.case_seconds, image)))
        perceived = time.perf_counter()
        self.technical.judged(arrival.arrived_seconds)
        blind = self.technical.blind or self.technical.outrun
        settled = self.reasoner.step(observation, outrun=blind)
        self._last_look = arrival.case_seconds
        reasoned = time.perf_counter()
        self.privacy.look(observation)
        channels, changes = self._decide(arrival.case_seconds, blind)
        decided = time.perf_counter()
        stages = {
            "wait": 1000 * waited,
            "paint": 1000 * (painted - started),
            "perception": 1000 * (perceived - painted),
            "reasoning": 1000 * (reasoned - perceived),
            "alerts": 1000 * (decided - reasoned),
        }
        latency = sum(stages.values())
        self.technical.looked(observation, latency)
        tick = self._tick(arrival.case_seconds, channels, changes, events, dropped, duplicates)
        shown = self.privacy.shown(image)
        return replace(
            tick,
            observation=observation,
            blind=blind,
            settled=settled,
            shown=shown,
            black=self.privacy.black,
            stages_ms=stages,
            latency_ms=latency,
            stamp_seconds=arrival.stamp_seconds,
        )

    def no_look(
        self, case_seconds: float, events: Sequence[LinkEvent], dropped: int = 0, duplicates: int = 0, why: str | None = None
    ) -> Tick:
        """Time has passed without a picture that can be judged; `why` where the picture itself is the reason."""
        for event in events:
            self.technical.link(event)
        seconds = max(case_seconds, self._decided_seconds)
        blind = why or self.technical.blind or self.technical.outrun
        channels, changes = self._decide(seconds, blind)
        return replace(self._tick(seconds, channels, changes, events, dropped, duplicates), blind=blind)

    def finish(self, case_seconds: float) -> Timeline:
        """The case is over: the timeline, phases smoothed; of cases longer than KEEPS_SECONDS only what was still kept."""
        return self.reasoner.revised(self.reasoner.finish(max(case_seconds, self._last_look)))

    def _decide(self, seconds: float, blind: str | None = None) -> tuple[Channels, tuple[Change, ...]]:
        if blind is None:
            self._blind_since = None
        elif self._blind_since is None:
            self._blind_since = self._last_look
        self._decided_seconds = seconds = max(seconds, self._decided_seconds)  # a wait may have been counted a little too long
        risks = self._risks.reports(seconds, blind, self._blind_since or 0.0)
        channels = (*risks, *self.technical.reports(seconds))
        return channels, self.alerts.update(seconds, self._phase(blind), channels)

    def _phase(self, blind: str | None) -> str | None:
        return self.reasoner.phase if blind is None else None

    def _tick(
        self,
        seconds: float,
        channels: Channels,
        changes: tuple[Change, ...],
        events: Sequence[LinkEvent],
        dropped: int,
        duplicates: int,
    ) -> Tick:
        self._number += 1
        return Tick(
            number=self._number,
            case_seconds=seconds,
            observation=None,
            blind=None,
            phase=self._phase(None if self._blind_since is None else "blind"),
            channels=channels,
            changes=changes,
            alerts=self.alerts.alerts,
            settled=(),
            events=tuple(events),
            dropped=dropped,
            duplicates=duplicates,
        )
