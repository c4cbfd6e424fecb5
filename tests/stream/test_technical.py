"""Each technical alarm in both directions."""

from __future__ import annotations

from medgrpo.perception import Domain, Observation, View, ViewState
from medgrpo.stream import ChannelState, Faults, LinkEvent, LinkState, ManualClock, TechnicalLimits, TechnicalWatch

VIEW = View(ViewState.INSIDE, 0.5, 0.5, 0.1, 0.0)


def watch(live: bool = True) -> tuple[TechnicalWatch, ManualClock]:
    clock = ManualClock()
    return TechnicalWatch(clock, TechnicalLimits(), live), clock


def state(found: TechnicalWatch, channel: str) -> ChannelState:
    return next(report.state for report in found.reports(0.0) if report.channel == channel)


def look(domain: Domain) -> Observation:
    return Observation(1.0, VIEW, domain, None, "a reason", "m")


def test_no_picture_for_a_while_is_lost_until_one_comes() -> None:
    found, clock = watch()
    found.arrived(clock.seconds())
    found.shown(1, None, clock.seconds())
    clock.at(1.9)
    assert state(found, "video_lost") is ChannelState.MONITORING
    clock.at(2.1)
    assert state(found, "video_lost") is ChannelState.ALERT
    assert found.blind is not None
    found.arrived(clock.seconds())
    found.shown(2, None, clock.seconds())
    assert state(found, "video_lost") is ChannelState.MONITORING
    assert found.blind is None


def test_an_ended_source_is_not_lost() -> None:
    found, clock = watch()
    found.link(LinkEvent(LinkState.ENDED, 0.0, "over"))
    clock.at(100)
    assert state(found, "video_lost") is ChannelState.NOT_ASSESSED


def test_late_decisions_are_said_when_there_are_many() -> None:
    found, _ = watch()
    for _ in range(25):
        found.looked(look(Domain.CHOLECYSTECTOMY), 50.0)
    assert state(found, "model_late") is ChannelState.MONITORING
    for _ in range(5):
        found.looked(look(Domain.CHOLECYSTECTOMY), 900.0)
    assert state(found, "model_late") is ChannelState.ALERT
    assert state(watch(live=False)[0], "model_late") is ChannelState.NOT_ASSESSED


def test_a_strange_picture_is_said() -> None:
    found, _ = watch()
    assert state(found, "out_of_domain") is ChannelState.NOT_ASSESSED
    found.looked(look(Domain.UNKNOWN), 1.0)
    assert state(found, "out_of_domain") is ChannelState.ALERT
    found.looked(look(Domain.SIMULATED), 1.0)
    assert state(found, "out_of_domain") is ChannelState.MONITORING


def test_a_wall_clock_that_is_set_is_said_for_a_minute() -> None:
    found, clock = watch()
    clock.at(10)
    assert state(found, "clock") is ChannelState.MONITORING
    clock.jump_wall(-3600)
    assert state(found, "clock") is ChannelState.ALERT
    clock.at(80)
    assert state(found, "clock") is ChannelState.MONITORING


def test_a_record_that_is_refused_is_said() -> None:
    found, _ = watch()
    found.recorded("no space")
    assert state(found, "record") is ChannelState.ALERT
    found.recorded(None)
    assert state(found, "record") is ChannelState.MONITORING


def test_damaged_and_missing_pictures_are_said_until_they_are_past() -> None:
    found, clock = watch()
    for second in range(4):
        clock.at(second)
        found.faults(Faults(broken=1), clock.seconds())
    assert state(found, "video_damaged") is ChannelState.MONITORING, "four in five seconds are under the limit"
    found.faults(Faults(missing=1, late=9, replayed=9), clock.seconds())
    assert state(found, "video_damaged") is ChannelState.ALERT
    clock.at(5.5)
    assert state(found, "video_damaged") is ChannelState.MONITORING, "the first is older than five seconds"
    found.link(LinkEvent(LinkState.LOST, 5.5, "x"))
    assert state(found, "video_damaged") is ChannelState.NOT_ASSESSED
