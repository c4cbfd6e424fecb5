"""A case from end to end: what is said and recorded, and what the record says when nothing could be seen."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.audit import Entry, Journal, SigningKey, read_entries, verify
from medgrpo.core import InputError, VideoError
from medgrpo.knowledge import load_procedure
from medgrpo.stream import (
    Arrival,
    ChannelPolicy,
    ChannelState,
    FastLoop,
    LinkEvent,
    LinkState,
    LiveSession,
    ManualClock,
    Privacy,
    Signal,
    Site,
    TechnicalLimits,
    Tick,
    stamped,
)
from tests.stream import live

CLIP_TOO_EARLY = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)


class Case:
    """Runs a plot; keeps the ticks and the record."""

    def __init__(self, folder: Path, plot: tuple[Any, ...], happenings: list[Any], site: Site | None = None, **source: Any) -> None:
        self.folder, self.clock, self.ticks = folder, ManualClock(), list[Tick]()
        self.key = SigningKey.at(folder / "key.pem")
        perceiver = live.PlotPerceiver(plot)
        loop = FastLoop(perceiver, load_procedure("cholecystectomy"), site or Site(), self.clock, live=False)
        with Journal(folder / "record", self.key, partial(stamped, self.clock), {}) as journal:
            given = live.PlotSource(self.clock, happenings, **source)
            self.session = LiveSession(given, loop, self.clock, journal, folder, listeners=[self.ticks.append])
            self.timeline = self.session.run(lambda: False)

    def entries(self, kind: str) -> list[dict[str, Any]]:
        found = [entry for _, _, entry, _ in read_entries(self.folder / "record") if isinstance(entry, Entry)]
        return [dict(entry.body) for entry in found if entry.kind == kind]

    def state(self, channel: str, seconds: float) -> tuple[ChannelState, str]:
        tick = next(tick for tick in self.ticks if tick.case_seconds >= seconds)
        report = next(report for report in tick.channels if report.channel == channel)
        return report.state, report.why


def every(step: float, until: float, start: float = 0.0) -> list[float]:
    return [round(start + step * place, 3) for place in range(int((until - start) / step))]


def test_a_clip_before_dissection_is_said_with_its_reason_and_recorded(tmp_path: Path) -> None:
    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.2, 45.0))
    said = [entry for entry in case.entries("decision") if entry["decision"] == "said"]
    clip = next(entry for entry in said if entry["channel"] == "clip_before_dissection")
    assert clip["priority"] == "Hi"
    assert clip["audible"] is False, "a watcher does not sound"
    assert 32 < clip["seconds"] < 36, "an act is told once it is over"
    assert (tmp_path / clip["evidence"]["file"]).exists()
    channel = [entry for entry in case.entries("channel") if entry["channel"] == "clip_before_dissection"]
    assert [entry["state"] for entry in channel][-1] == "alert"
    assert "sages-critical-view" in channel[-1]["citations"]
    assert len(case.entries("tick")) == 225
    assert verify(tmp_path / "record", case.key.public).genuine


def test_the_same_recording_gives_the_same_decisions(tmp_path: Path) -> None:
    told = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        case = Case(tmp_path / name, CLIP_TOO_EARLY, every(0.4, 42.0))
        told.append((case.entries("decision"), case.entries("channel"), case.entries("settled")))
    assert told[0] == told[1]
    assert told[0][0]


def test_a_lost_connection_leaves_nothing_green(tmp_path: Path) -> None:
    lost = LinkEvent(LinkState.LOST, 10.0, "broke off")
    back = LinkEvent(LinkState.RECONNECTED, 20.0, "camera")
    case = Case(tmp_path, CLIP_TOO_EARLY, [*every(0.2, 10), lost, *every(0.2, 12, 10), back, *every(0.2, 30, 20)])
    assert case.state("bleeding", 5)[0] is ChannelState.MONITORING
    state, why = case.state("bleeding", 11)
    assert (state, why) == (ChannelState.NOT_ASSESSED, "the connection is lost: broke off")
    assert case.state("video_lost", 11)[0] is ChannelState.ALERT
    assert case.state("bleeding", 28)[0] is ChannelState.MONITORING
    assert [entry["state"] for entry in case.entries("link")] == ["lost", "reconnected"]
    assert "video_lost" in [entry["channel"] for entry in case.entries("decision") if entry["decision"] == "said"]


def test_one_lost_connection_that_flickers_is_one_alert_and_says_that_it_has_no_picture(tmp_path: Path) -> None:
    happenings: list[Any] = every(0.2, 10)
    for second in range(10, 40, 4):
        happenings += [LinkEvent(LinkState.LOST, float(second), "broke off"), *every(0.2, second + 2, second)]
        happenings += [LinkEvent(LinkState.RECONNECTED, second + 2.0, "camera"), *every(0.2, second + 4, second + 2)]
    case = Case(tmp_path, CLIP_TOO_EARLY[:1], happenings)
    told = [entry for entry in case.entries("decision") if entry["channel"] == "video_lost"]
    assert [entry["decision"] for entry in told] == ["said", "ended", *["stands again", "ended"] * 7]
    assert {entry["alert"] for entry in told} == {"A0001"}
    assert told[0]["evidence"] == {
        "not_kept": "at that moment there was no picture that could be judged: the connection is lost: broke off"
    }
    assert not (tmp_path / "evidence").exists()


def test_the_picture_of_an_alert_is_of_a_moment_at_which_it_stood(tmp_path: Path) -> None:
    plot = ((0.0, "preparation", "grasper,retract,gallbladder"), (10.0, "outside", ""), (20.0, *CLIP_TOO_EARLY[0][1:]))
    plot += ((22.0, "outside", ""), (30.0, *CLIP_TOO_EARLY[0][1:]))
    case = Case(tmp_path, plot, every(0.2, 60))
    told = [entry for entry in case.entries("decision") if entry["channel"] == "view"]
    assert [entry["decision"] for entry in told] == ["said", "ended"], "a look inside in between makes no second alert"
    channel = next(entry for entry in case.entries("channel") if entry["channel"] == "view" and entry["state"] == "alert")
    assert channel["since_seconds"] <= told[0]["evidence"]["seconds"] <= told[1]["seconds"]
    assert channel["since_seconds"] == pytest.approx(10.0), "since it was lost, not since that was sure"
    (risk,) = [
        one for one in case.entries("settled") if (one["type"], one.get("channel"), one.get("level")) == ("risk", "view", "alert")
    ]
    assert all(risk["span"]["start_seconds"] <= second <= risk["span"]["end_seconds"] for second in risk["evidence"]["seconds"])


def test_pictures_that_were_not_judged_are_told_apart(tmp_path: Path) -> None:
    """Lost, frozen, damaged; the same as the one before; late: five causes, five counts."""
    lost = LinkEvent(LinkState.LOST, 2.0, "broke off")
    back = LinkEvent(LinkState.RECONNECTED, 3.0, "camera")
    happenings = [*every(0.2, 2), lost, *every(0.2, 3, 2), back, *every(0.2, 20, 3)]
    pictures = iter([False] * 15 + [True] * 3)

    def paint() -> Any:
        if next(pictures, False):
            raise VideoError("live picture", "is damaged")
        return live.GREY

    case = Case(tmp_path, CLIP_TOO_EARLY, happenings, frozen=(10.0, 15.0), paint=paint)
    unjudged = [entry["unjudged"] for entry in case.entries("tick") if entry["unjudged"] is not None]
    counted = case.session.totals.pictures()
    assert (counted["lost"], counted["frozen"], counted["damaged"], counted["late"]) == (5, 14, 3, 0)
    assert {kind: unjudged.count(kind) for kind in ("lost", "frozen", "damaged")} == {"lost": 5, "frozen": 14, "damaged": 3}
    assert counted["duplicates"] == 24, "of 25 that stand, the first is new; ten were judged before it was known"
    assert counted["looked_at"] + 5 + 14 + 3 == counted["arrived"] == 100


def test_a_frozen_picture_is_not_judged(tmp_path: Path) -> None:
    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.2, 20.0), frozen=(5.0, 15.0))
    state, why = case.state("bleeding", 9)
    assert state is ChannelState.NOT_ASSESSED
    assert "same picture" in why
    assert case.state("video_frozen", 9)[0] is ChannelState.ALERT
    assert case.state("video_frozen", 16)[0] is ChannelState.MONITORING
    blind = [tick for tick in case.ticks if tick.blind]
    assert len(blind) > 30
    assert all(tick.observation is None for tick in blind)


def test_outside_the_body_pictures_are_dimmed_and_stay_so_until_it_is_sure(tmp_path: Path) -> None:
    fine = np.random.default_rng(1).integers(0, 255, (36, 64, 3), np.uint8)
    plot = ((0.0, "outside", ""), (5.0, "preparation", "grasper,retract,gallbladder"), (10.0, "outside", ""))
    site = Site(privacy=Privacy(find_text=False))  # noise that stands still would be taken for text
    case = Case(tmp_path, plot, every(0.2, 12.0), site, paint=lambda: fine)
    shown = {round(tick.case_seconds, 1): tick.shown for tick in case.ticks}
    for seconds, clear in ((1.0, False), (5.0, False), (6.8, False), (7.2, True), (9.8, True), (10.2, False)):
        assert np.array_equal(shown[seconds], fine) is clear, seconds
    assert case.session.totals.dimmed > 40


def test_a_damaged_picture_is_said_to_be_damaged(tmp_path: Path) -> None:
    def broken() -> Any:
        raise VideoError("live picture", "is damaged")

    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.2, 2.0), paint=broken)
    assert all(tick.blind == "the picture is damaged" for tick in case.ticks)
    assert case.state("bleeding", 1)[0] is ChannelState.NOT_ASSESSED


def test_a_person_answers(tmp_path: Path) -> None:
    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.2, 45.0))
    alert = case.session.loop.alerts.alerts[0]
    with Journal(tmp_path / "second", case.key, partial(stamped, case.clock), {}) as journal:
        case.session._journal = journal
        case.session.answer(alert.id, "surgeon A")
        with pytest.raises(InputError, match="no such alert"):
            case.session.answer("A9999", "surgeon A")
    found = [entry for _, _, entry, _ in read_entries(tmp_path / "second") if isinstance(entry, Entry) and entry.kind == "person"]
    assert [(entry.body["by"], entry.body["decision"]) for entry in found] == [("surgeon A", "acknowledged")]


def test_a_full_disk_does_not_stop_the_case_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    real: Callable[..., int] = os.write
    count = 0

    def sometimes_full(descriptor: int, data: bytes) -> int:
        nonlocal count
        count += 1
        if 80 < count < 160:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", sometimes_full)
    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.2, 45.0))
    monkeypatch.setattr(os, "write", real)
    assert case.session.totals.looks == 225
    assert case.session.totals.not_recorded == 79
    assert "record" in {report.channel for tick in case.ticks for report in tick.channels if report.state is ChannelState.ALERT}
    found = verify(tmp_path / "record", case.key.public)
    assert found.genuine, found.faults
    assert found.gaps == 79


def test_a_camera_that_takes_its_time_to_start_is_lost_until_it_comes(tmp_path: Path) -> None:
    """The live way, with its thread and its collector: nothing for a while, then pictures; the case begins when watching begins.

    The camera's thread moves the clock, each time when what it waits for has been ticked: the same however slow the machine is."""
    clock, ticks = ManualClock(), list[Tick]()

    def looked() -> list[float]:
        return [round(tick.case_seconds, 3) for tick in list(ticks) if tick.observation is not None]

    def ticked(done: Callable[[], bool]) -> None:
        until = time.monotonic() + 60
        while not done():
            assert time.monotonic() < until
            time.sleep(0.01)

    class Slow:
        name, waits = "slow", False

        def signals(self, stop: Callable[[], bool]) -> Iterator[Signal]:
            begun = clock.seconds()
            for _ in range(5):  # 2.5 s without a picture
                before = len(ticks)
                clock.sleep(0.5)
                ticked(lambda: len(ticks) > before)  # noqa: B023 - called before the next
            for index in range(12):
                now = clock.seconds()
                yield Arrival(index, now - begun, now, index, (32, 18), lambda: live.GREY)
                if index == 0 or index % 2 == 1:  # a look is due: at 2.5, 2.6, 2.8, 3.0 ...
                    ticked(lambda: looked()[-1:] == [round(now - begun, 3)])  # noqa: B023
                else:
                    time.sleep(0.05)  # none is due; were one made all the same, it has the time to
                clock.sleep(0.1)

    set_apart: list[int] = []
    loop = FastLoop(
        live.PlotPerceiver(CLIP_TOO_EARLY),
        load_procedure("cholecystectomy"),
        Site(),
        clock,
        live=True,
        limits=TechnicalLimits(lost_seconds=0.6),
    )
    listeners: list[Callable[[Tick], None]] = [ticks.append, lambda _: set_apart.append(gc.get_freeze_count())]
    session = LiveSession(Slow(), loop, clock, None, None, listeners=listeners)
    clock.sleep(7.0)  # made long before watching begins
    session.run(lambda: False)
    assert min(set_apart) > 1000
    assert gc.get_freeze_count() == 0
    assert ticks[0].case_seconds <= 0.5, "counted from when watching began"
    assert [tick.case_seconds for tick in ticks] == sorted(tick.case_seconds for tick in ticks)
    said = [change for tick in ticks for change in tick.changes if change.channel == "video_lost"]
    assert [change.decision.value for change in said] == ["said", "ended"]
    assert looked() == [2.5, 2.6, 2.8, 3.0, 3.2, 3.4, 3.6], "five a second"
    assert (session.totals.arrived, session.totals.passed_over) == (12, 5)


def test_a_site_lets_a_partner_interrupt(tmp_path: Path) -> None:
    site = Site(role="partner", channels={"clip_before_dissection": ChannelPolicy(on_after_seconds=0)})
    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.4, 42.0), site)
    clip = next(entry for entry in case.entries("decision") if entry["channel"] == "clip_before_dissection")
    assert clip["audible"] is True


def test_a_tick_holds_the_whole_look(tmp_path: Path) -> None:
    case = Case(tmp_path, CLIP_TOO_EARLY, every(0.2, 3.0))
    look = case.entries("tick")[5]["look"]
    assert look["type"] == "observation"
    assert len(look["seen"]["triplets"]) == 100
    json.dumps(look)
