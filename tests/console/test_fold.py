"""From a record to a board: what a page shows follows from the entries alone."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from medgrpo.audit import Follower
from medgrpo.console.live.board import NOTHING_YET, Board
from medgrpo.console.live.fold import Fold


def folded(writing) -> Fold:
    fold, follower = Fold(), Follower(writing.folder / "record")
    while entries := follower.read():
        for entry in entries:
            fold.take(entry)
    return fold


def things(board: Board, since: int = NOTHING_YET):
    return json.loads(board.patch(since))["things"]


def test_a_patch_holds_what_changed_after_an_entry_and_only_its_latest():
    board = Board()
    board.put("now", "tick", {"seconds": 1}, 0)
    board.put("channels", "view", {"state": "alert"}, 0)
    board.advance(0)
    board.put("now", "tick", {"seconds": 2}, 1)
    board.advance(1)
    board.put("now", "tick", {"seconds": 3}, 2)
    board.put("channels", "view", {"state": "alert"}, 2)  # as it was
    board.advance(2)
    assert json.loads(board.patch(2)) == {"counter": 2, "things": {}}
    assert json.loads(board.patch(0)) == {"counter": 2, "things": {"now": {"tick": {"seconds": 3}}}}
    assert things(board)["channels"] == {"view": {"state": "alert"}}


def test_whoever_begins_gets_the_newest_of_what_grows_and_whoever_was_away_gets_all_of_it():
    board = Board()
    for number in range(400):
        board.put("log", str(number), {"what": number}, number)
    board.advance(399)
    assert sorted(map(int, things(board)["log"])) == list(range(250, 400))
    assert sorted(map(int, things(board, 100)["log"])) == list(range(101, 400))


@pytest.mark.parametrize("cut", [0, 3, 8, 11, 20])
def test_a_page_that_was_away_is_as_one_that_was_not(writing, cut):
    """The patch from any entry, put over what the page knew then, gives what a page knows that begins now."""
    writing.scene()
    writing.bleeding(6.0)
    writing.tick(6.2)
    writing.decision("acknowledged", "bleeding", 7.0, "A0001", presence="Ack", by="carl", kind="person", request="0" * 32)
    writing.tick(7.2)
    follower, fold = Follower(writing.folder / "record"), Fold()
    entries = follower.read()
    for entry in entries[: cut + 1]:
        fold.take(entry)
    page = things(fold.board)
    for entry in entries[cut + 1 :]:
        fold.take(entry)
    for section, here in things(fold.board, cut).items():
        page.setdefault(section, {}).update(here)
    assert page == things(fold.board)


def test_the_scene_is_named_in_the_procedures_words(writing):
    writing.scene()
    board = folded(writing).board
    assert board.get("case", "about")["procedure"] == "Laparoscopic cholecystectomy"
    assert [phase["id"] for phase in board.get("case", "about")["phases"]][:2] == ["preparation", "carlot-triangle-dissection"]
    assert board.get("now", "tick")["phase"] == "carlot-triangle-dissection"
    assert board.get("channels", "bleeding")["name"] == "bleeding"
    assert board.get("channels", "video_lost")["name"] == "video lost"
    goals = board.section("goals")
    assert goals["triangle_cleared"]["level"] == "under way"
    assert goals["triangle_cleared"]["criterion"].startswith("The hepatocystic triangle holds no fat")
    assert goals["two_structures_only"]["level"] == "not assessed"
    assert board.get("sources", "sages-critical-view")["checked"] is False
    (option,) = board.get("now", "forecast")["options"]
    assert (option["name"], option["low_seconds"], option["high_seconds"]) == ("Clipping and division", 60.0, 900.0)


def test_an_alert_keeps_what_was_known_when_it_was_said(writing):
    writing.scene()
    writing.bleeding(6.0)
    writing.channel("bleeding", "clear", "ended")
    alert = folded(writing).board.get("alerts", "A0001")
    assert alert["where_xyxy"] == [[0.1, 0.1, 0.3, 0.3]]
    assert (alert["confidence"], alert["advice"], alert["citations"]) == (0.8, "Compress first.", ["sages-strategies"])
    assert (alert["raised"], alert["over"], alert["priority"]) == (6.0, False, "Hi")


def test_what_is_said_is_a_new_alert_whatever_had_its_number_before(writing):
    """Records of before alerts were numbered through a case hold the same number twice."""
    writing.scene()
    picture = {"file": "evidence/A0001.jpg", "sha256": "ab" * 32, "dimmed": False}
    writing.bleeding(6.0)
    writing.decision("dismissed", "bleeding", 7.0, "A0001", presence="Off", by="carl", kind="person")
    writing.channel("view", "alert", "nothing is seen", "Lo")
    writing.decision("said", "view", 8.0, "A0001", priority="Lo", why="nothing is seen", evidence=picture)
    alert = folded(writing).board.get("alerts", "A0001")
    assert (alert["raised"], alert["over"], alert["by"], alert["channel"], alert["why"]) == (
        8.0,
        False,
        None,
        "view",
        "nothing is seen",
    )
    assert (alert["advice"], alert["confidence"], alert["where_xyxy"]) == (None, None, [])
    assert alert["evidence"] == {"file": "evidence/A0001.jpg", "sha256": "ab" * 32, "deleted": False}


def test_what_is_simulated_is_known_by_its_source_or_by_the_newest_look_that_knows(writing, key, cases):
    writing.scene()
    drawn = "simulated laparoscopic cholecystectomy"
    shown = []
    for more in ({}, {"domain": drawn}, {"blind": "no picture"}, {"domain": "unknown"}, {}):
        writing.tick(6.0, **more)
        board = folded(writing).board
        shown.append((board.get("now", "tick")["simulated"], board.get("case", "about")["simulated"]))
    assert shown == [(False, False), (True, False), (True, False), (True, False), (False, False)]
    from medgrpo.audit import Journal

    times = lambda: ("2026-01-01T09:00:00.000Z", 1.0)  # noqa: E731
    with Journal(cases / "third" / "record", key, times, {"source": "simulated operations", "simulated": True}):
        pass
    assert folded(SimpleNamespace(folder=cases / "third")).board.get("case", "about")["simulated"] is True


def test_alerts_are_named_apart_when_a_case_is_gone_on_with(writing, key, cases):
    """As the session names them (stream): by the process that writes."""
    from medgrpo.audit import Journal
    from medgrpo.stream import AlertManager, ChannelReport, ChannelState, Kind, Priority, Site

    def said(run: int) -> str:
        manager = AlertManager(Site())
        manager.of_run(run)
        report = ChannelReport("bleeding", "blood", ChannelState.ALERT, 0.0, "blood", Kind.OTHER, Priority.HIGH)
        (change,) = [change for seconds in (0.0, 1.0) for change in manager.update(seconds, None, [report])]
        return change.alert.id

    seen = []
    for _ in range(3):
        seen.append(said(writing.journal.run))
        writing.bleeding(6.0, seen[-1])
        writing.journal.leave()
        writing.journal = Journal(cases / "second" / "record", key, lambda: ("2026-01-01T09:00:00.000Z", 1.0), {})
    assert len(set(seen)) == 3
    assert set(folded(writing).board.section("alerts")) == set(seen)


def test_a_picture_that_was_deleted_by_rule_is_known_to_be_gone(writing):
    picture = {"file": "evidence/A0001.jpg", "sha256": "ab" * 32, "dimmed": False}
    writing.decision("said", "bleeding", 6.0, "A0001", evidence=picture)
    writing.decision("said", "view", 7.0, "A0002", evidence={"not_kept": "the disk is full"})
    writing.journal.append("deleted", {"rule": {}, "files": [{"file": "evidence/A0001.jpg", "sha256": "ab" * 32}]})
    board = folded(writing).board
    assert board.get("alerts", "A0001")["evidence"]["deleted"] is True
    assert board.get("alerts", "A0002")["evidence"] is None
    assert [line["why"] for line in board.section("log").values()][-1] == "evidence/A0001.jpg"


ODD = {
    "no state": ("channel", {"channel": "bleeding"}),
    "a place that is none": (
        "channel",
        {"channel": "x", "state": "alert", "why": "w", "priority": "Hi", "kind": "Oth", "since_seconds": 1, "where_xyxy": 5},
    ),
    "no number": ("tick", {"seconds": "soon"}),
    "a number of another kind": ("tick", {"seconds": {}}),
    "a number beyond all": ("tick", {"seconds": "1e999"}),
    "site is a word": ("opened", {"site": "theatre"}),
    "no body to speak of": ("decision", {}),
    "half a character": ("link", {"state": "lost", "why": "\ud800"}),
    "a thought without grounds": (
        "settled",
        {"type": "thought", "question": "q", "decision": "d", "abstain": None, "seconds": 1.0},
    ),
    "a forecast of words": ("settled", {"type": "forecast", "seconds": 1.0, "options": ["x"]}),
    "files of nothing": ("remark", {"seen_from_seconds": 1}),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_entry_is_named_and_counted_and_the_others_go_on(writing, odd):
    kind, body = ODD[odd]
    fold = Fold()
    writing.scene()
    follower = Follower(writing.folder / "record")
    entries = follower.read()
    for entry in entries:
        fold.take(entry)
    assert fold.board.get("case", "faults") is None
    for number in (1, 2):
        fold.take(replace(entries[-1], counter=entries[-1].counter + number, kind=kind, body=body))
    fold.take(replace(entries[-1], counter=entries[-1].counter + 3))
    page = things(fold.board)
    assert page["case"]["faults"]["count"] == 2
    assert page["case"]["faults"]["why"].startswith(f"entry {entries[-1].counter + 2} ({kind}): ")
    assert [line["what"] for line in page["log"].values()].count("odd") == 2
    assert fold.board.counter == entries[-1].counter + 3
    assert page["now"]["tick"]["seconds"] == 5.0


@pytest.mark.parametrize("odd", [{"wall": 5}, {"wall": "2026-01-01T08:00:00"}, {"kind": []}, {"body": "words"}, {"body": None}])
def test_an_entry_that_is_odd_itself_is_too(writing, odd):
    writing.scene()
    fold, entries = Fold(), Follower(writing.folder / "record").read()
    for entry in entries:
        fold.take(entry)
    fold.take(replace(entries[-1], counter=entries[-1].counter + 1, **odd))
    assert things(fold.board)["case"]["faults"]["count"] == 1
    assert fold.newest_kind == "tick"


@pytest.mark.parametrize(
    ("decision", "presence", "over"),
    [
        ("escalated", "On", False),
        ("ended, stays until acknowledged", "Latch", False),
        ("acknowledged", "Ack", False),
        ("acknowledged", "Off", True),  # of one that had latched
        ("dismissed", "Off", True),
        ("ended", "Off", True),
    ],
)
def test_what_becomes_of_an_alert(writing, decision, presence, over):
    writing.bleeding(6.0)
    writing.decision(decision, "bleeding", 9.0, "A0001", presence=presence, by="carl", priority="Hi")
    alert = folded(writing).board.get("alerts", "A0001")
    assert (alert["over"], alert["presence"], alert["raised"], alert["by"]) == (over, presence, 6.0, "carl")


def test_what_was_deliberately_not_said_stands_in_the_log_with_its_reason(writing):
    writing.decision("deliberately not said", "view", 8.0, None, why="budget: 2 medium alerts were said in the last hour")
    fold = folded(writing)
    (line,) = fold.board.section("log").values()
    assert (line["what"], line["why"][:7], line["name"]) == ("deliberately not said", "budget:", "view lost")
    assert fold.board.section("alerts") == {}
    assert fold.board.section("marks") == {}


def test_after_a_restart_nothing_stands_that_nobody_watches(writing, key, cases):
    from medgrpo.audit import Journal

    writing.scene()
    writing.bleeding(6.0)
    writing.journal.leave()
    writing.journal = Journal(cases / "second" / "record", key, lambda: ("2026-01-01T09:00:00.000Z", 1.0), {"source": "again"})
    board = folded(writing).board
    assert board.get("alerts", "A0001")["over"] is True
    assert {channel["state"] for channel in board.section("channels").values()} == {"not assessed"}
    assert board.get("case", "about")["source"] == "again"
    assert [line["what"] for line in board.section("log").values()][-1] == "resumed"


def test_after_a_case_is_closed_nothing_stands_and_nothing_is_assessed(writing):
    writing.scene()
    writing.bleeding(6.0)
    writing.decision("said", "view", 6.5, "A0002", presence="Latch")
    writing.tick(7.0)
    writing.journal.close("done")
    board = folded(writing).board
    assert {(alert["over"], alert["ended"]) for alert in board.section("alerts").values()} == {(True, "closed")}
    channels = board.section("channels").values()
    assert {(one["state"], one["why"], one["since"]) for one in channels} == {("not assessed", "the case is closed", 7.0)}
    assert board.get("case", "end") == {"kind": "closed", "why": "done"}
    assert board.get("goals", "triangle_cleared")["level"] == "under way", "what was seen stays"


def test_after_an_error_what_stood_is_left_as_it_was(writing):
    """Nobody knows what became of it; the page says that it is not of now, and a process that goes on takes it from there."""
    writing.scene()
    writing.bleeding(6.0)
    writing.journal.append("stopped", {"error": "OSError", "why": "the camera is gone"})
    board = folded(writing).board
    assert board.get("alerts", "A0001")["over"] is False
    assert board.get("channels", "bleeding")["state"] == "alert"


def test_after_a_restart_the_cases_time_goes_on(writing, key, cases):
    """The second process counts from 0 again; an hour has passed since the case began, whatever its pictures' clock says."""
    from datetime import datetime, timedelta

    from medgrpo.audit import Journal

    writing.scene()
    begun = folded(writing).board.get("case", "about")["begun"]
    writing.journal.leave()
    later = (datetime.fromisoformat(begun) + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    writing.journal = Journal(cases / "second" / "record", key, lambda: (later, 1.0), {"source": "again"})
    counter = writing.thought(2.0).counter
    writing.bleeding(3.0, "A0050")
    writing.tick(4.0)
    fold = folded(writing)
    assert fold.board.get("now", "tick")["seconds"] == 3604.0
    assert fold.board.get("now", "tick")["phase_since"] == 3604.0
    assert fold.board.get("alerts", "A0050")["raised"] == 3603.0
    assert fold.board.get("channels", "bleeding")["since"] == 3601.0
    assert fold.board.get("thoughts", str(counter))["seconds"] == 3602.0
    assert fold.thoughts[str(counter)]["offset_seconds"] == 3600.0
    assert [mark["seconds"] for mark in fold.board.section("marks").values()] == [0.0, 3603.0]
    assert [one["start"] for one in fold.board.section("phases").values()] == [0.0], "what was seen before stays"


def test_a_procedure_that_is_not_known_here_leaves_ids(cases, key):
    from medgrpo.audit import Journal

    site = {"procedure": "/etc/passwd.toml"}
    with Journal(cases / "third" / "record", key, lambda: ("2026-01-01T09:00:00.000Z", 1.0), {"site": site}) as journal:
        journal.append(
            "channel", {"channel": "odd", "state": "clear", "why": "w", "priority": "Lo", "kind": "Oth", "since_seconds": 0}
        )
    fold = Fold()
    for entry in Follower(cases / "third" / "record").read():
        fold.take(entry)
    assert fold.board.get("channels", "odd")["name"] == "odd"
    assert fold.board.get("case", "end")["kind"] == "closed"
    assert fold.board.get("case", "about")["phases"] == []
