"""The live routes, asked without a network: events, pictures, answers, thoughts, evidence."""

import asyncio
import hashlib
import json
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from medgrpo.audit import Journal, Rule, prune
from medgrpo.console.live.board import NOTHING_YET
from medgrpo.console.live.events import events
from medgrpo.console.live.feed import Feed
from medgrpo.console.live.picture import Pictures
from medgrpo.console.texts import load_texts
from medgrpo.stream import Inbox, SystemClock, Tick, stamped
from medgrpo.stream.showing import picture_of


def put_picture(folder: Path, number: int) -> None:
    noise = np.random.default_rng(number).integers(0, 255, (480, 854, 3), np.uint8)
    tick = Tick(number, float(number), None, None, None, (), (), (), (), (), 0, 0, shown=noise)
    (folder / "live").mkdir(exist_ok=True)
    beside = folder / "live" / "unfinished"
    beside.write_bytes(picture_of(tick, clear=True))
    beside.replace(folder / "live" / "picture.jpg")


async def some(feed: Feed, since: int, wanted: int, meanwhile=()) -> list[tuple[str, str | None, dict]]:
    """The first events of a stream: (event, id, data); `meanwhile` is called one by one after each event."""
    found, todo = [], list(meanwhile)

    async def goes_on() -> bool:
        return True

    stream = events(feed, since, goes_on)
    async for raw in stream:
        fields = dict(line.split(": ", 1) for line in raw.decode().strip().split("\n"))
        if "event" in fields:
            found.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
            if todo:
                todo.pop(0)()
        if len(found) >= wanted:
            break
    await stream.aclose()
    return found


def within(seconds: float, call):
    return asyncio.run(asyncio.wait_for(call, seconds))


def test_a_page_gets_what_stands_then_what_comes_and_the_ids_are_the_records(writing):
    writing.scene()
    last = writing.journal.counter
    feed = Feed(writing.folder)
    patch, beat, alert = within(60, some(feed, NOTHING_YET, 3, [lambda: None, lambda: writing.bleeding(6.0)]))
    assert (patch[0], patch[1]) == ("patch", str(last))
    assert patch[2]["things"]["now"]["tick"]["seconds"] == 5.0
    assert (beat[0], beat[1], beat[2]["standing"]) == ("beat", None, "live")
    assert (alert[0], alert[1]) == ("patch", str(writing.journal.counter))
    assert set(alert[2]["things"]["alerts"]) == {"A0001"}
    assert "bleeding" in alert[2]["things"]["channels"]
    assert "clip_before_dissection" not in alert[2]["things"]["channels"], "only what changed"
    assert feed.viewers == 0


def test_a_page_that_comes_back_is_told_of_all_that_happened_meanwhile_by_another_console_too(writing):
    writing.scene()
    first = within(60, some(Feed(writing.folder), NOTHING_YET, 1))
    writing.bleeding(6.0)
    writing.decision("deliberately not said", "view", 6.5)
    writing.decision("dismissed", "bleeding", 7.0, "A0001", presence="Off", by="carl", kind="person", request="5" * 32)
    (event,) = within(60, some(Feed(writing.folder), int(first[0][1]), 1))  # a console that was started since
    told = [line["what"] for _, line in sorted(event[2]["things"]["log"].items(), key=lambda item: int(item[0]))]
    assert told == ["said", "deliberately not said", "dismissed"]
    assert event[2]["things"]["alerts"]["A0001"]["over"] is True
    assert event[2]["things"]["answers"]["5" * 32]["outcome"] == "recorded"


def test_an_id_of_another_record_begins_from_the_beginning(writing):
    writing.scene()
    (event,) = within(60, some(Feed(writing.folder), 99_999, 1))
    assert event[2]["things"]["case"]["about"]["source"] == "a test"


def test_what_has_gone_silent_is_not_called_live(writing, monkeypatch):
    writing.scene()
    feed = Feed(writing.folder)
    within(60, some(feed, NOTHING_YET, 2))
    assert feed.standing.value == "live"
    now = time.monotonic()
    monkeypatch.setattr("medgrpo.console.live.feed.time.monotonic", lambda: now + 10.0)
    assert feed.standing.value == "silent"


def test_a_closed_case_and_an_old_one_are_told(cases):
    *_, beat = within(60, some(Feed(cases / "first"), NOTHING_YET, 2))
    assert beat[2]["standing"] == "closed"


def test_a_damaged_record_is_told_and_ends_the_stream(writing):
    writing.scene()
    path = writing.folder / "record" / "000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))

    async def all_of_it():
        async def goes_on() -> bool:
            return True

        return [raw async for raw in events(Feed(writing.folder), NOTHING_YET, goes_on)]

    raw = within(60, all_of_it())
    assert b'"standing": "damaged"' in raw[-1]
    assert b"entry 4 does not follow from entry 2" in raw[-1]


def test_a_stream_ends_when_the_session_does(local, writing):
    """The whole way, as a browser asks: the first events, then signing out."""
    writing.scene()
    app = local.client.app
    local.client.get("/")
    cookie = f"medgrpo-session={local.client.cookies['medgrpo-session']}".encode()
    sent: list[dict] = []

    async def ask() -> None:
        async def receive():
            await asyncio.sleep(3600)

        async def send(message):
            sent.append(message)
            if b"event: beat" in message.get("body", b""):
                app.console.sessions.end(local.client.cookies["medgrpo-session"])

        scope = {
            "type": "http", "method": "GET", "path": "/cases/second/events", "raw_path": b"", "query_string": b"", "scheme": "http",
            "headers": [(b"host", b"127.0.0.1:8600"), (b"cookie", cookie)], "client": ("127.0.0.1", 1), "http_version": "1.1",
            "server": None, "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.4"},
        }  # fmt: skip
        await asyncio.wait_for(app(scope, receive, send), 60)

    asyncio.run(ask())
    assert sent[0]["status"] == 200
    headers = dict(sent[0]["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert headers[b"cache-control"] == b"no-store"
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_pictures_come_in_the_size_asked_for_with_what_belongs_to_them(local, writing):
    put_picture(writing.folder, 1)
    answer = local.client.get("/cases/second/picture?width=320&after=")
    about = json.loads(answer.headers["x-picture"])
    assert (answer.headers["content-type"], about["number"], about["dimmed"]) == ("image/jpeg", 1, False)
    whole = local.client.get("/cases/second/picture?width=1280&after=")
    assert whole.content == (writing.folder / "live" / "picture.jpg").read_bytes()
    assert len(answer.content) < len(whole.content) / 3
    assert (writing.folder / "live" / "wanted").exists(), "the session learns that somebody looks"


def test_the_next_picture_is_waited_for(writing):
    put_picture(writing.folder, 1)
    pictures = Pictures(writing.folder)

    async def both():
        first = await pictures.after("", 1280, 1.0)
        waiting = asyncio.ensure_future(pictures.after(first.version, 1280, 60.0))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        put_picture(writing.folder, 2)
        second = await waiting
        return first, second, await pictures.after(second.version, 1280, 0.05)

    first, second, none = within(60, both())
    assert (first.about["number"], second.about["number"], none) == (1, 2, None)


@pytest.mark.parametrize("query", ["width=320&after=x", "width=321&after=", "width=&after=", "after=1", "width=320&after=../../x"])
def test_a_picture_asked_for_wrongly_is_none(local, writing, query):
    assert local.client.get(f"/cases/second/picture?{query}").status_code == 400


def post(visitor, path: str, body: object, **headers: str):
    token = {"x-csrf-token": visitor.csrf("/cases/second"), "accept": "application/json"}
    return visitor.client.post(path, json=body, headers=visitor.origin | token | headers)


def test_an_answer_reaches_the_inbox_with_the_name_of_who_gave_it(remote, writing):
    writing.scene()
    remote.sign_in("carl")
    answer = post(remote, "/cases/second/answers", {"alert": "A0001", "action": "acknowledge", "by": "somebody else"})
    assert answer.status_code == 202
    answer_2 = post(remote, "/cases/second/answers", {"alert": "A0001", "action": "dismiss", "why": " not there "})
    found = [what for _, what in Inbox(writing.folder).waiting()]
    assert [(one.by, one.alert, one.dismissed_because) for one in found] == [
        ("carl", "A0001", None),
        ("carl", "A0001", "not there"),
    ]
    assert [one.id for one in found] == [answer.json()["request"], answer_2.json()["request"]]


@pytest.mark.parametrize(
    "body",
    [
        {"alert": "A0001", "action": "dismiss", "why": "  "},
        {"alert": "A0001", "action": "dismiss"},
        {"alert": "A0001", "action": "forget"},
        {"action": "acknowledge"},
        {"alert": 1, "action": "acknowledge"},
        {"alert": "A" * 100, "action": "acknowledge"},
        {"alert": "A0001", "action": "dismiss", "why": "x" * 1500},
        [],
    ],
)
def test_an_answer_that_says_nothing_is_refused(remote, writing, body):
    writing.scene()
    remote.sign_in("carl")
    assert post(remote, "/cases/second/answers", body).status_code == 400
    assert Inbox(writing.folder).waiting() == []


def test_a_viewer_sees_and_does_not_answer(remote, writing):
    writing.scene()
    remote.sign_in("vera")
    page = remote.client.get("/cases/second").text
    assert 'data-answers="no"' in page
    answer = post(remote, "/cases/second/answers", {"alert": "A0001", "action": "acknowledge"})
    assert answer.status_code == 403
    assert Inbox(writing.folder).waiting() == []


def test_an_answer_from_elsewhere_is_refused(remote, writing):
    writing.scene()
    remote.sign_in("carl")
    body = {"alert": "A0001", "action": "acknowledge"}
    assert post(remote, "/cases/second/answers", body, origin="https://evil.example").status_code == 403
    assert post(remote, "/cases/second/answers", body, **{"x-csrf-token": "guess"}).status_code == 403
    assert Inbox(writing.folder).waiting() == []


def test_where_nobody_watches_an_answer_is_refused_at_once(local, cases, writing):
    token = {"x-csrf-token": local.csrf("/cases/first"), "accept": "application/json"}
    body = {"alert": "A0001", "action": "acknowledge"}
    answer = local.client.post("/cases/first/answers", json=body, headers=local.origin | token)
    assert answer.status_code == 409
    assert not (cases / "first" / "inbox").exists()


def test_a_chain_of_thought_is_given_on_demand_with_its_sources(local, writing):
    writing.scene()
    counter = writing.thought(8.0).counter
    thought = local.client.get(f"/cases/second/thoughts/{counter}").json()
    assert thought["abstain"] == "its landmarks are not seen"
    assert thought["sources"]["connor-2013"]["year"] == 2013
    assert local.client.get("/cases/second/thoughts/0").status_code == 404
    assert local.client.get("/cases/second/thoughts/x").status_code == 404


def evident(writing, file: str = "evidence/A0001.jpg", alert: str = "A0001") -> None:
    """Said, with a picture that the record vouches for."""
    (writing.folder / "evidence").mkdir(exist_ok=True)
    (writing.folder / "evidence" / "A0001.jpg").write_bytes(b"picture")
    kept = {"file": file, "sha256": hashlib.sha256(b"picture").hexdigest(), "dimmed": False}
    writing.decision("said", "bleeding", 6.0, alert, evidence=kept)


def asked_evidence(local, alert: str = "A0001") -> tuple[int, str]:
    answer = local.client.get(f"/cases/second/evidence/{alert}", headers={"accept": "application/json"})
    return answer.status_code, answer.json().get("error", "")


def test_evidence_is_that_alerts_picture_and_nothing_else(local, writing):
    evident(writing)
    writing.decision("said", "view", 7.0, "A0003", evidence={"not_kept": "the disk is full"})
    (writing.folder / "evidence" / "A0002.jpg").write_bytes(b"of no entry")
    (writing.folder / "evidence" / "A0003.jpg").write_bytes(b"not kept by the session")
    (writing.folder / "evidence" / "B.jpg").write_bytes(b"secret")
    assert local.client.get("/cases/second/evidence/A0001").content == b"picture"
    assert local.client.get("/cases/second/evidence/A0003").status_code == 404
    for name in ("A0002", "B", "..%2fA0001", "A0001.jpg", "%2e%2e%2frecord%2f000001"):
        assert local.client.get(f"/cases/second/evidence/{name}").status_code == 404


def test_a_picture_whose_hash_is_another_one_is_not_shown(local, writing):
    evident(writing)
    (writing.folder / "evidence" / "A0001.jpg").write_bytes(b"another picture")
    assert asked_evidence(local) == (409, load_texts("en")("error.evidence_altered"))


@pytest.mark.parametrize(
    "file", ["../first/record/000001.jsonl", "evidence/../record", "record/000001.jsonl", "/etc/hostname", "clips/A0001.jpg"]
)
def test_a_record_that_names_another_file_shows_none(local, writing, file):
    evident(writing, file)
    (writing.folder / "clips").mkdir()
    (writing.folder / "clips" / "A0001.jpg").write_bytes(b"picture")
    assert asked_evidence(local)[0] == 409


def test_a_picture_that_is_gone_is_told_from_one_that_was_deleted_by_rule(local, writing):
    evident(writing)
    (writing.folder / "evidence" / "A0001.jpg").unlink()
    assert asked_evidence(local) == (410, load_texts("en")("error.evidence_gone"))
    writing.journal.append("deleted", {"rule": {}, "files": [{"file": "evidence/A0001.jpg", "sha256": "0" * 64}]})
    until = time.monotonic() + 60
    while asked_evidence(local) != (410, load_texts("en")("error.evidence_deleted")):
        assert time.monotonic() < until


def test_a_second_picture_of_the_same_number_does_not_take_the_place_of_the_first(local, writing):
    """Cases of before alerts were numbered through: the second file is called -2, and the newest alert's is shown."""
    evident(writing)
    (writing.folder / "evidence" / "A0001-2.jpg").write_bytes(b"second")
    kept = {"file": "evidence/A0001-2.jpg", "sha256": hashlib.sha256(b"second").hexdigest(), "dimmed": False}
    writing.decision("said", "bleeding", 6.0, "A0001", evidence=kept)
    assert local.client.get("/cases/second/evidence/A0001").content == b"second"


def test_an_odd_entry_does_not_end_the_stream(writing):
    writing.scene()
    writing.journal.append("channel", {"channel": "bleeding"})
    writing.tick(6.0)
    feed = Feed(writing.folder)
    patch, beat, later = within(60, some(feed, NOTHING_YET, 3, [lambda: None, lambda: writing.bleeding(7.0)]))
    assert patch[2]["things"]["case"]["faults"]["count"] == 1
    assert patch[2]["things"]["now"]["tick"]["seconds"] == 6.0
    assert (beat[2]["standing"], beat[2]["fault"]) == ("live", None)
    assert set(later[2]["things"]["alerts"]) == {"A0001"}


def test_a_case_that_an_error_ended_says_so_to_its_page(cases, key):
    with pytest.raises(OSError, match="camera"), Journal(cases / "third" / "record", key, partial(stamped, SystemClock()), {}):
        raise OSError("the camera is gone")
    patch, beat = within(60, some(Feed(cases / "third"), NOTHING_YET, 2))
    assert beat[2]["standing"] == "stopped"
    assert patch[2]["things"]["case"]["end"] == {"kind": "stopped", "why": "the camera is gone"}


def test_a_pruned_case_is_closed_to_its_page(cases, key):
    (cases / "first" / "evidence").mkdir()
    (cases / "first" / "evidence" / "A0001.jpg").write_bytes(b"picture")
    prune(cases / "first", Rule(evidence_days=1), key, partial(stamped, SystemClock()), datetime(2027, 1, 1, tzinfo=UTC))
    *_, beat = within(60, some(Feed(cases / "first"), NOTHING_YET, 2))
    assert beat[2]["standing"] == "closed"


def test_why_a_record_cannot_be_read_names_no_folder_of_this_machine(writing):
    writing.scene()
    path = writing.folder / "record" / "000001.jsonl"
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    *_, beat = within(60, some(Feed(writing.folder), NOTHING_YET, 2))
    assert beat[2]["fault"].startswith("second/record/000001.jsonl: after entry ")


@pytest.mark.parametrize("name", ["absent", "..", ".", "%2e%2e", "..%2ffirst", "first%2f..", "first%00", "a" * 101, "-x", "linked"])
def test_no_name_of_a_case_leads_out_of_the_folder(local, cases, tmp_path, name):
    outside = tmp_path / "outside" / "record"
    outside.mkdir(parents=True)
    (cases / "linked").symlink_to(tmp_path / "outside")
    for path in (
        f"/cases/{name}",
        f"/cases/{name}/events",
        f"/cases/{name}/picture?width=320&after=",
        f"/cases/{name}/evidence/A0001",
    ):
        answer = local.client.get(path, headers={"accept": "application/json"})
        assert answer.status_code == 404 or (name in ("..", ".") and answer.url.path != path.split("?")[0])


def test_too_many_streams_are_refused(local, writing, monkeypatch):
    monkeypatch.setattr("medgrpo.console.routes.live.MOST_STREAMS", 0)
    assert local.client.get("/cases/second/events").status_code == 503


def test_a_page_asks_only_this_console(local, writing):
    page = local.client.get("/cases/second").text
    assert "http://" not in page
    assert "https://" not in page
    assert "style=" not in page
    assert "onclick" not in page
