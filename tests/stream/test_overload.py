"""A machine that is too slow: pictures come in, but what is known of them is old."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from medgrpo.knowledge import load_procedure
from medgrpo.perception import Observation
from medgrpo.reasoning import Timeline
from medgrpo.stream import (
    Arrival,
    ChannelReport,
    ChannelState,
    FastLoop,
    LinkEvent,
    LinkState,
    LiveSession,
    ManualClock,
    Signal,
    Site,
    Tick,
)
from medgrpo.video import Frame
from tests.stream import live
from tests.stream.watched import PLOT, RISKS

OLD = "pictures come in, but the last one that was looked at is more than 2 s old: this machine is too slow"


class Slow(live.PlotPerceiver):
    """Takes as long for each look as `takes` says of it, while `meanwhile` goes on."""

    takes: Callable[[float], float]
    meanwhile: Callable[[float], None]

    def look(self, frame: Frame) -> Observation:
        self.meanwhile(self.takes(frame.seconds))
        return super().look(frame)


def watched(
    takes: Callable[[float], float], until: float, silent: tuple[float, float] = (1e9, 1e9), still: float = 1e9
) -> tuple[list[Tick], Timeline]:
    """Ten pictures a second come in whatever the loop does, but between `silent`; from `still` on they are the same. Time passes
    while the loop looks, and a tenth of a second after it."""
    clock, ticks, perceiver = ManualClock(), list[Tick](), Slow(PLOT)
    loop = FastLoop(perceiver, load_procedure("cholecystectomy"), Site(), clock, live=True)

    def comes() -> bool:
        return not silent[0] <= clock.seconds() < silent[1]

    def passes(seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            clock.at(round(clock.seconds() + 0.1, 6))
            if comes():
                loop.technical.arrived(clock.seconds())

    perceiver.takes, perceiver.meanwhile = takes, passes
    while clock.seconds() < until:
        now = clock.seconds()
        mark = round(now * 10) if now < still else -1
        if comes():
            loop.technical.arrived(now)
            ticks.append(loop.look(Arrival(len(ticks), now, now, mark, (32, 18), lambda: live.GREY), (), 0, 0))
        else:
            ticks.append(loop.no_look(now, ()))
        passes(0.1)
    return ticks, loop.finish(until)


@dataclass
class Camera:
    """Gives a picture, and while it is looked at as many as come in 2.5 s."""

    clock: ManualClock
    name: str = "camera"
    waits: bool = False
    looking: threading.Event = field(default_factory=threading.Event)
    given: threading.Event = field(default_factory=threading.Event)

    def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
        del stop
        yield LinkEvent(LinkState.CONNECTED, 0.0, "camera")
        yield self.picture(0)
        assert self.looking.wait(30)
        for number in range(1, 26):
            self.clock.at(number / 10)
            yield self.picture(number)
        self.given.set()

    def picture(self, number: int) -> Arrival:
        now = self.clock.seconds()
        return Arrival(number, now, now, number, (32, 18), lambda: live.GREY)

    def looks_for(self, seconds: float) -> None:
        del seconds
        self.looking.set()
        assert self.given.wait(30)


def test_the_reader_tells_of_pictures_that_come_in_while_the_loop_is_busy() -> None:
    clock, ticks, perceiver = ManualClock(), list[Tick](), Slow(PLOT)
    camera = Camera(clock)
    perceiver.takes, perceiver.meanwhile = lambda _: 0.0, camera.looks_for
    loop = FastLoop(perceiver, load_procedure("cholecystectomy"), Site(), clock, live=True)
    session = LiveSession(camera, loop, clock, None, None, listeners=[ticks.append])
    timeline = session.run(lambda: False)
    first = looks(ticks)[0]
    assert report(first, "video_lost").state is ChannelState.MONITORING
    assert (report(first, "bleeding").state, report(first, "bleeding").why) == (ChannelState.NOT_ASSESSED, OLD)
    assert report(ticks[-1], "bleeding").state is ChannelState.MONITORING, "the next look was in time"
    assert session.totals.arrived == 26
    assert timeline.coverage.not_assessed_seconds[OLD] == pytest.approx(2.0)


def report(tick: Tick, channel: str) -> ChannelReport:
    return next(one for one in tick.channels if one.channel == channel)


def looks(ticks: list[Tick]) -> list[Tick]:
    return [tick for tick in ticks if tick.observation is not None]


def test_pictures_that_nobody_has_looked_at_are_no_lost_video_and_nothing_is_assessed() -> None:
    ticks, timeline = watched(lambda _: 2.5, 26.0)
    assert len(looks(ticks)) == 10
    for tick in looks(ticks):
        for channel in RISKS:
            found = report(tick, channel)
            assert (found.state, found.why) == (ChannelState.NOT_ASSESSED, OLD), (tick.case_seconds, channel)
        assert report(tick, "video_lost").state is ChannelState.MONITORING
        assert report(tick, "video_frozen").state is ChannelState.MONITORING
        late = report(tick, "model_late")
        assert (late.state, late.why) == (ChannelState.ALERT, f"{OLD}; nothing is assessed")
        assert tick.blind == OLD
    said = [(change.channel, change.decision.value) for tick in ticks for change in tick.changes]
    assert said[0] == ("model_late", "said")
    assert {channel for channel, _ in said} == {"model_late"}
    assert timeline.coverage.assessed_seconds == 0.0
    assert timeline.coverage.not_assessed_seconds[OLD] == pytest.approx(20.0), "each look stands for two seconds at most"


def test_one_look_that_takes_long_leaves_only_its_own_time_not_assessed() -> None:
    ticks, timeline = watched(lambda seconds: 4.0 if 10.0 <= seconds < 10.2 else 0.1, 30.0)
    for tick in looks(ticks):
        slow = 10.0 <= tick.case_seconds < 10.2
        bleeding = report(tick, "bleeding")
        if slow or tick.case_seconds < 10.0 or tick.case_seconds > 17.0:  # in between it is being settled that it is seen again
            assert bleeding.state is (ChannelState.NOT_ASSESSED if slow else ChannelState.MONITORING), tick.case_seconds
        assert report(tick, "video_lost").state is ChannelState.MONITORING
        if slow:
            assert bleeding.since_seconds == tick.case_seconds, "what came before it was seen"
    coverage = timeline.coverage
    assert sum(coverage.not_assessed_seconds.values()) == pytest.approx(4.1, abs=0.01)
    assert coverage.assessed_seconds == pytest.approx(25.9, abs=0.01)


@pytest.mark.parametrize("takes", [0.5, 1.9])
def test_a_look_that_is_late_but_in_time_is_assessed(takes: float) -> None:
    ticks, _ = watched(lambda _: takes, 20.0)
    assert {report(tick, "bleeding").state for tick in looks(ticks)} == {ChannelState.MONITORING}
    assert {report(tick, "video_frozen").state for tick in looks(ticks)} == {ChannelState.MONITORING}


def test_no_pictures_while_a_look_takes_long_are_lost_video() -> None:
    ticks, _ = watched(lambda seconds: 4.0 if 10.0 <= seconds < 10.2 else 0.1, 30.0, silent=(10.5, 15.0))
    tick = next(tick for tick in looks(ticks) if tick.case_seconds >= 10.0)
    assert report(tick, "video_lost").state is ChannelState.ALERT
    assert report(tick, "video_frozen").state is ChannelState.NOT_ASSESSED
    assert report(tick, "bleeding").why == "no picture for more than 2 s"


def test_a_picture_that_stands_is_told_by_the_pictures() -> None:
    ticks, _ = watched(lambda _: 1.5, 30.0, still=12.0)
    frozen = [tick for tick in ticks if report(tick, "video_frozen").state is ChannelState.ALERT]
    assert frozen
    assert 14.0 < frozen[0].case_seconds < 18.0
