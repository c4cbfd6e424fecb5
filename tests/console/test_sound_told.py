"""What somebody does with the sound of a browser reaches the record, in the name of who did it; what a page must know to sound."""

from __future__ import annotations

import pytest

from medgrpo.stream import Inbox, SoundChange
from tests.console.test_fold import folded, things
from tests.console.test_live import post


def test_a_pause_reaches_the_inbox_with_the_name_of_who_asked_for_it(remote, writing):
    writing.scene()
    remote.sign_in("carl")
    reply = post(remote, "/cases/second/sound", {"sound": "paused", "pause_seconds": 120, "ago_seconds": 4, "by": "somebody else"})
    assert reply.status_code == 202
    ((_, found),) = Inbox(writing.folder).waiting()
    assert found == SoundChange(id=reply.json()["request"], sound="paused", by="carl", pause_seconds=120, ago_seconds=4)


@pytest.mark.parametrize(
    "body",
    [
        {"sound": "gone"},
        {},
        {"sound": "paused"},
        {"sound": "on", "pause_seconds": 120},
        {"sound": "paused", "pause_seconds": 100_000},
        {"sound": "off", "ago_seconds": -1},
        [],
    ],
)
def test_what_says_nothing_is_refused(remote, writing, body):
    writing.scene()
    remote.sign_in("carl")
    assert post(remote, "/cases/second/sound", body).status_code == 400
    assert Inbox(writing.folder).waiting() == []


def test_a_viewer_tells_the_record_nothing_and_where_nobody_watches_nobody_does(remote, writing):
    writing.scene()
    remote.sign_in("vera")
    assert post(remote, "/cases/second/sound", {"sound": "on"}).status_code == 403
    remote.sign_in("carl")
    assert post(remote, "/cases/first/sound", {"sound": "on"}).status_code == 409, "closed"
    elsewhere = post(remote, "/cases/second/sound", {"sound": "on"}, origin="https://evil.example")
    assert elsewhere.status_code == 403
    assert Inbox(writing.folder).waiting() == []


def test_it_stands_in_the_log_and_changes_no_alert(writing):
    writing.scene()
    writing.bleeding(6.0)
    before = things(folded(writing).board)["alerts"]
    body = {"by": "carl", "sound": "paused", "pause_seconds": 120, "ago_seconds": 0, "seconds": 7.0, "request": "a" * 32}
    entry = writing.journal.append("person_sound", body)
    after = things(folded(writing).board)
    assert after["alerts"] == before
    line = after["log"][str(entry.counter)]
    assert (line["what"], line["by"], line["why"], line["seconds"]) == ("sound paused", "carl", "in one browser, for 120 s", 7.0)
    assert after["answers"]["a" * 32]["outcome"] == "recorded"


@pytest.mark.parametrize(
    ("site", "partner"),
    [
        ({}, False),
        ({"role": "watcher", "channels": {"view": {"role": None}}}, False),
        ({"role": "partner"}, True),
        ({"role": "watcher", "channels": {"view": {"role": None}, "bleeding": {"role": "partner"}}}, True),
    ],
)
def test_a_page_knows_whether_anything_may_interrupt(writing, site, partner):
    writing.journal.append("resumed", {"source": "a test", "site": site})
    assert things(folded(writing).board)["case"]["about"]["partner"] is partner
