"""Answers of consoles in a running case: taken at the next look, recorded with the name, refused where they come too late."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any

from medgrpo.audit import Entry, Journal, SigningKey, read_entries, verify
from medgrpo.knowledge import load_procedure
from medgrpo.stream import (
    Answer,
    FastLoop,
    Inbox,
    LiveSession,
    ManualClock,
    Showing,
    Site,
    SoundChange,
    Tick,
    leave_answer,
    stamped,
    want_picture,
)
from tests.stream import live

CLIP_TOO_EARLY = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)
LOOKS = [round(0.4 * place, 3) for place in range(110)]


def run(folder: Path, listener: Any, *, closes: bool = True) -> None:
    clock = ManualClock()
    loop = FastLoop(live.PlotPerceiver(CLIP_TOO_EARLY), load_procedure("cholecystectomy"), Site(), clock, live=False)
    journal = Journal(folder / "record", SigningKey.at(folder / "key.pem"), partial(stamped, clock), {})
    with Showing(folder, lambda: loop.privacy.clear) as showing:
        source = live.PlotSource(clock, list(LOOKS))
        session = LiveSession(source, loop, clock, journal, folder, listeners=[listener, showing.show], inbox=Inbox(folder))
        session.run(lambda: False)
    if closes:
        journal.close("done")
    else:
        journal.leave()


def entries(folder: Path, kind: str) -> list[Any]:
    found = [entry for _, _, entry, _ in read_entries(folder / "record") if isinstance(entry, Entry)]
    return [entry for entry in found if entry.kind == kind]


def test_an_answer_is_taken_at_the_next_look_and_recorded_once(tmp_path: Path) -> None:
    left: list[float] = []

    def listen(tick: Tick) -> None:
        alert = next((alert for alert in tick.alerts if alert.report.channel == "clip_before_dissection"), None)
        if alert is not None and not left:
            left.append(tick.case_seconds)
            leave_answer(tmp_path, Answer(id="1" * 32, alert=alert.id, by="carl"))
            leave_answer(tmp_path, Answer(id="2" * 32, alert=alert.id, by="ada", dismissed_because="it is not there"))
            leave_answer(tmp_path, Answer(id="3" * 32, alert="A0099", by="vera"))

    run(tmp_path, listen)
    answers = entries(tmp_path, "person")
    acknowledged, dismissed = (entry.body for entry in answers)
    assert (acknowledged["decision"], acknowledged["by"], acknowledged["request"]) == ("acknowledged", "carl", "1" * 32)
    assert acknowledged["channel"] == "clip_before_dissection"
    assert (dismissed["decision"], dismissed["by"], dismissed["why"]) == ("dismissed", "ada", "it is not there")
    (refused,) = (entry.body for entry in entries(tmp_path, "person_refused"))
    assert (refused["by"], refused["request"], refused["why"]) == ("vera", "3" * 32, "A0099: no such alert stands now")
    ticks = [entry for entry in entries(tmp_path, "tick") if entry.counter < answers[0].counter]
    assert ticks[-1].body["seconds"] == left[0], "before the look that followed"
    assert list((tmp_path / "inbox").glob("*.json")) == []
    assert verify(tmp_path / "record").genuine


def test_what_somebody_silenced_is_recorded_with_the_name_and_changes_no_decision(tmp_path: Path) -> None:
    plain, told = tmp_path / "plain", tmp_path / "told"
    for folder in (plain, told):
        folder.mkdir()
    run(plain, lambda tick: None)

    def listen(tick: Tick) -> None:
        if tick.number == 20:
            leave_answer(told, SoundChange(id="5" * 32, sound="paused", by="carl", pause_seconds=120, ago_seconds=7))

    run(told, listen)
    (silenced,) = (entry.body for entry in entries(told, "person_sound"))
    seconds = silenced.pop("seconds")
    assert silenced == {"sound": "paused", "by": "carl", "pause_seconds": 120, "ago_seconds": 7, "request": "5" * 32}
    assert 6.0 < seconds < 10.0, "20 looks of 0.4 s"
    decided = [[entry.body for entry in entries(folder, "decision")] for folder in (plain, told)]
    assert len(decided[0]) > 0
    assert decided[0] == decided[1]
    assert list((told / "inbox").glob("*.json")) == []
    assert verify(told / "record").genuine


def test_what_was_left_while_nobody_watched_is_refused_not_dropped(tmp_path: Path) -> None:
    run(tmp_path, lambda tick: None, closes=False)
    said = [entry.body for entry in entries(tmp_path, "decision") if entry.body["decision"] == "said"]
    leave_answer(tmp_path, Answer(id="4" * 32, alert=said[0]["alert"], by="carl"))
    run(tmp_path, lambda tick: None)
    (refused,) = (entry.body for entry in entries(tmp_path, "person_refused"))
    assert refused["request"] == "4" * 32
    alerts = [entry.body["alert"] for entry in entries(tmp_path, "decision") if entry.body["decision"] == "said"]
    assert len(set(alerts)) == len(alerts) > len(said), "no two alerts of a record have the same name"


def test_sub_goals_are_recorded_when_they_change(tmp_path: Path) -> None:
    run(tmp_path, lambda tick: None)
    goals = [entry.body for entry in entries(tmp_path, "goal")]
    clipped = [goal["level"] for goal in goals if goal["goal"] == "duct_clipped"]
    assert clipped[0] != "under way"
    assert "under way" in clipped
    assert all(goal["why"] for goal in goals)
    for name in {goal["goal"] for goal in goals}:
        states = [(goal["level"], goal["why"]) for goal in goals if goal["goal"] == name]
        assert all(before != after for before, after in itertools.pairwise(states)), "only changes"


def test_a_picture_is_kept_only_while_somebody_wants_it_and_goes_at_the_end(tmp_path: Path) -> None:
    seen: list[bool] = []
    picture = tmp_path / "live" / "picture.jpg"
    run(tmp_path, lambda tick: seen.append(picture.exists()), closes=False)
    assert not any(seen)
    want_picture(tmp_path)
    seen.clear()
    run(tmp_path, lambda tick: seen.append(picture.exists()))
    assert any(seen)
    assert not picture.exists()
