"""What is expected next is made when it is needed, and is then what it would have been."""

from __future__ import annotations

import sys

import pytest

from medgrpo.knowledge import load_procedure
from medgrpo.reasoning import Forecast, Reasoner
from medgrpo.stream import Arrival, ChannelState, FastLoop, ManualClock, Site, Tick
from medgrpo.stream.channels import EXPECTED_EVERY_SECONDS
from tests.stream import live

PLOT = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)


def ticks(until: float) -> list[Tick]:
    clock = ManualClock()
    loop = FastLoop(live.PlotPerceiver(PLOT), load_procedure("cholecystectomy"), Site(), clock, live=False)
    found = []
    for number in range(int(until * 5)):
        clock.at(number / 5)
        arrival = Arrival(number, number / 5, clock.seconds(), number + 1, (32, 18), lambda: live.GREY)
        found.append(loop.look(arrival, (), 0, 0))
    return found


def test_a_forecast_is_made_at_an_alert_and_then_every_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[float] = []
    whole = Reasoner.forecast_now

    def counted(self: Reasoner) -> Forecast | None:
        made.append(1)
        return whole(self)

    monkeypatch.setattr(Reasoner, "forecast_now", counted)
    found = ticks(60.0)
    alerting = [tick for tick in found if any(one.state is ChannelState.ALERT and one.kind.value == "Oth" for one in tick.channels)]
    assert len(alerting) > 50, "the plot alerts for a while"
    assert len(made) <= 0.2 * len(alerting) + 5
    assert EXPECTED_EVERY_SECONDS == 2.0
    monkeypatch.setattr(sys.modules["medgrpo.stream.channels"], "EXPECTED_EVERY_SECONDS", 0.0)
    made.clear()
    every = ticks(60.0)
    assert len(made) >= len(alerting)
    assert [tick.changes and [(c.channel, c.decision, c.seconds) for c in tick.changes] for tick in found] == [
        tick.changes and [(c.channel, c.decision, c.seconds) for c in tick.changes] for tick in every
    ]
    begins = next(place for place, tick in enumerate(found) if tick in alerting)
    assert [one.expected_next for one in found[begins].channels] == [one.expected_next for one in every[begins].channels]
    assert any(one.expected_next for one in found[begins].channels)
