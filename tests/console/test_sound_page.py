"""The sound of the live page: off until somebody presses, never pretended, silenced in the open. Counted is what browsers play."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from medgrpo.audit import Journal, SigningKey
from medgrpo.stream import Answer, Inbox, SoundChange, SystemClock, stamped
from tests.console.conftest import Writing
from tests.console.test_browser import (  # noqa: F401 - fixtures, and the mark
    SIZES,
    browser,
    put_picture,
    pytestmark,
    running,
    sync_api,
    until,
)

PLAYED = """
window.played = { bursts: 0, tones: 0 };
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  window.played[this.type === "custom" ? "bursts" : "tones"] += 1; // a burst has harmonics, what answers a press has none
  return start.apply(this, given);
};
"""
Open = Callable[..., Any]


@pytest.fixture
def opened(browser, running) -> Iterator[Open]:  # noqa: F811
    contexts: list[Any] = []

    def open_page(size: str = "laptop", language: str = "en", beside: Any = None) -> Any:
        """`beside`: another window of the same browser."""
        width, height = SIZES[size]
        context = beside.context if beside else browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(PLAYED)
        page.set_default_timeout(30_000)
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{running.port}/cases/second?language={language}", wait_until="domcontentloaded")
        until(page, "window.medgrpo && window.medgrpo.counter >= 0 && !document.getElementById('sound').hidden")
        return page

    yield open_page
    for context in contexts:
        context.close()


def mode(page: Any, wanted: str) -> None:
    until(page, f"document.body.dataset.sound === '{wanted}'")


def bursts(page: Any) -> int:
    return page.evaluate("window.played.bursts")


def words(page: Any) -> str:
    return " ".join(page.locator("#sound").inner_text().split())


def live_again(page: Any, writing: Writing) -> None:
    """With looks of now: the newest one of before is called late where the page is sent it anew."""
    end = time.monotonic() + 60
    while page.locator("#standing").get_attribute("data-standing") != "live":
        assert time.monotonic() < end
        writing.tick(9.0)
        time.sleep(0.5)


def turn_on(page: Any) -> None:
    page.locator("#sound [data-sound=press]").click()
    mode(page, "on")


@pytest.mark.parametrize(
    ("language", "off"),
    [("en", "Sound is off: press to turn on"), ("de", "Ton ist aus: zum Einschalten drücken"), ("zh", "声音已关闭： 按此开启")],
)
def test_before_anybody_has_pressed_the_page_says_it_is_silent(opened: Open, writing: Writing, language: str, off: str) -> None:
    writing.scene()
    writing.bleeding(6.0)
    page = opened(language=language)
    page.wait_for_selector("[data-card=A0001]")
    mode(page, "off")
    assert words(page) == off
    time.sleep(0.5)
    assert page.evaluate("window.played") == {"bursts": 0, "tones": 0}
    assert page.complaints == []


def test_an_alert_that_may_interrupt_sounds_until_a_person_acknowledges_it(opened: Open, writing: Writing) -> None:
    writing.scene()
    page = opened()
    turn_on(page)
    assert page.evaluate("window.played") == {"bursts": 0, "tones": 1}, "the press is answered, nothing else is heard"
    writing.bleeding(6.0)
    until(page, "window.played.bursts === 1")
    until(page, "window.played.bursts === 2")  # 3.3 s and 5 s later
    between = page.evaluate("window.medgrpo.sound.begun.map((one) => [one.priority, one.ids, one.at_ms])")
    assert [one[:2] for one in between] == [["Hi", ["A0001"]], ["Hi", ["A0001"]]]
    assert 8250 < between[1][2] - between[0][2] < 16_500, "none is left out"
    writing.decision("acknowledged", "bleeding", 7.0, "A0001", presence="Ack", by="carl", kind="person", priority="Hi")
    page.wait_for_selector("[data-presence=Ack]")
    heard = bursts(page)
    time.sleep(9.0)
    assert bursts(page) == heard
    assert page.complaints == []


def test_latched_and_ended_alerts_are_silent(opened: Open, writing: Writing) -> None:
    writing.scene()
    page = opened()
    turn_on(page)
    writing.decision("said", "bleeding", 6.0, "A0001", presence="Latch")
    writing.decision("said", "view", 6.0, "A0002", presence="On", audible=True, priority="Me")
    until(page, "window.played.bursts === 1")
    writing.decision("ended", "view", 6.5, "A0002", presence="Off", priority="Me")
    page.wait_for_selector("[data-card=A0002]", state="detached")
    heard = bursts(page)
    time.sleep(11.5)
    assert bursts(page) == heard
    assert {one for ids in page.evaluate("window.medgrpo.sound.begun.map((one) => one.ids)") for one in ids} == {"A0002"}


@pytest.fixture
def watcher(cases: Path, key: SigningKey) -> Iterator[Writing]:
    """The case `second` of a site that only watches."""

    class Watching(Writing):
        def __init__(self, folder: Path) -> None:
            self.folder, self.number = folder, 0
            site = {"procedure": "laparoscopic_cholecystectomy", "role": "watcher", "channels": {"view": {"role": None}}}
            self.journal = Journal(folder / "record", key, partial(stamped, SystemClock()), {"source": "a test", "site": site})

    case = Watching(cases / "second")
    yield case
    case.journal.leave()


def test_a_watcher_sounds_nothing_and_offers_nothing(opened: Open, watcher: Writing, running) -> None:  # noqa: F811
    """Neither a high alert, nor a press, nor the loss of the console."""
    watcher.scene()
    watcher.decision("said", "bleeding", 6.0, "A0001", priority="Hi", audible=False)
    page = opened()
    page.wait_for_selector("[data-card=A0001]")
    mode(page, "watcher")
    assert words(page) == "No sound: this site only watches"
    assert page.locator("#sound button").count() == 0
    page.locator("#live").click(position={"x": 3, "y": 3})
    running.stop()
    page.wait_for_selector("#standing[data-standing=disconnected]")
    time.sleep(1.5)
    assert page.evaluate("window.played") == {"bursts": 0, "tones": 0}


def test_alerts_of_a_watcher_are_silent_where_another_risk_may_interrupt(opened: Open, writing: Writing) -> None:
    writing.scene()
    page = opened()
    turn_on(page)
    writing.decision("said", "bleeding", 6.0, "A0001", priority="Hi", audible=False)
    page.wait_for_selector("[data-card=A0001]")
    time.sleep(1.0)
    assert bursts(page) == 0


def test_a_lost_console_is_heard_and_the_page_is_quiet_again_once_it_is_back(opened: Open, writing: Writing, running) -> None:  # noqa: F811
    writing.scene()
    page = opened()
    turn_on(page)
    running.stop()
    until(page, "window.played.bursts === 1")
    assert page.evaluate("window.medgrpo.sound.begun[0]")["ids"] == ["connection"]
    page.wait_for_selector("#standing[data-standing=disconnected]")
    running.start()
    live_again(page, writing)
    heard = bursts(page)
    time.sleep(11.5)
    assert bursts(page) == heard


def test_a_pause_is_seen_runs_out_and_stands_in_the_record(opened: Open, writing: Writing) -> None:
    writing.scene()
    writing.bleeding(6.0)
    page = opened()
    turn_on(page)
    until(page, "window.played.bursts === 1")
    page.locator("#sound [data-sound=pause]").focus()
    page.keyboard.press("Enter")
    mode(page, "paused")
    assert re.match(r"Sound paused 0[12]:\d\d Sound again Turn off", words(page)), words(page)
    assert page.evaluate("document.activeElement.dataset.sound") == "resume", "the keyboard stays where it was"
    heard = bursts(page)
    until(page, "document.getElementById('sound-left').textContent <= '01:57'")
    assert bursts(page) == heard
    left = _left(writing, 2)
    assert [(one.sound, one.pause_seconds) for one in left] == [("on", None), ("paused", 120)]
    assert "(not signed in)" in left[1].by
    assert "sent to the record" in words(page)
    body = {"sound": "paused", "by": left[1].by, "pause_seconds": 120, "ago_seconds": 0, "seconds": 6.5, "request": left[1].id}
    writing.journal.append("person_sound", body)
    sync_api.expect(page.locator("#sound-told")).to_have_text("in the record")
    newest = page.locator("#log tr").first.inner_text().split("\t")
    assert newest[1] == f"sound paused ({left[1].by})"
    assert newest[3] == "in one browser, for 120 s"
    writing.decision("said", "division_before_clip", 7.0, "A0002", priority="Hi", audible=True)
    until(page, f"window.played.bursts > {heard}")  # a high alert that the person who paused did not know of
    page.evaluate("performance.now = ((own) => () => own() + 118_000)(performance.now.bind(performance))")  # time flies
    until(page, f"window.played.bursts > {heard + 1}")
    mode(page, "on")
    assert page.complaints == []


def _left(writing: Writing, count: int) -> list[SoundChange]:
    end = time.monotonic() + 60
    while True:
        found = [what for _, what in Inbox(writing.folder).waiting() if isinstance(what, SoundChange)]
        if len(found) >= count:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def test_what_cannot_be_told_now_is_told_when_the_console_is_back(opened: Open, writing: Writing, running, monkeypatch) -> None:  # noqa: F811
    writing.scene()
    page = opened()
    turn_on(page)
    _left(writing, 1)
    page.route("**/sound", lambda route: route.abort())
    begun = time.monotonic()
    page.locator("#sound [data-sound=pause]").click()
    sync_api.expect(page.locator("#sound-told")).to_have_text("not yet in the record")
    page.unroute("**/sound")
    told = _left(writing, 2)[1]
    assert told.sound == "paused"
    assert 3 <= told.ago_seconds <= time.monotonic() - begun + 1


def test_a_console_that_was_started_again_knows_the_page_that_was_open(opened: Open, writing: Writing, running) -> None:  # noqa: F811
    """Its sessions are new: the page's token is old, and what it had still to tell goes with a new one."""
    writing.scene()
    writing.bleeding(6.0)
    page = opened()
    turn_on(page)
    _left(writing, 1)
    running.stop()
    page.locator("#sound [data-sound=pause]").click()
    sync_api.expect(page.locator("#sound-told")).to_have_text("not yet in the record")
    running.start()
    assert _left(writing, 2)[1].sound == "paused"
    running.stop()
    page.wait_for_selector("#standing[data-standing=disconnected]")
    running.start()
    live_again(page, writing)
    page.locator("[data-card=A0001] [data-act=ack]").click()
    page.wait_for_selector("text=sent, not yet recorded")
    assert [what.alert for _, what in Inbox(writing.folder).waiting() if isinstance(what, Answer)] == ["A0001"]


def test_turned_off_it_says_so_and_of_two_windows_one_sounds(opened: Open, writing: Writing) -> None:
    writing.scene()
    first = opened()
    turn_on(first)
    second = opened(beside=first)
    second.locator("#sound [data-sound=press]").click()
    mode(second, "elsewhere")
    assert words(second).startswith("Sound comes from another window")
    writing.bleeding(6.0)
    until(first, "window.played.bursts === 1")
    assert bursts(second) == 0
    first.locator("#sound [data-sound=pause]").click()
    first.locator("#sound [data-sound=turn_off]").click()
    mode(first, "off")
    mode(second, "on")
    until(second, "window.played.bursts >= 1")
    assert bursts(first) == 1


def test_a_sound_that_stops_running_is_not_called_on(opened: Open, writing: Writing) -> None:
    """As when the system takes the loudspeaker away."""
    writing.scene()
    page = opened()
    page.evaluate("() => { window.AudioContext = class extends AudioContext { constructor() { super(); window.own = this; } }; }")
    turn_on(page)
    page.wait_for_timeout(2100)
    page.evaluate("window.own.suspend()")
    mode(page, "blocked")
    assert words(page).startswith("Sound has stopped: press to turn on")
    turn_on(page)


def test_a_case_that_was_closed_before_has_nothing_to_say_about_sound(opened: Open, writing: Writing) -> None:
    writing.scene()
    page = opened()
    turn_on(page)
    writing.journal.close("done")
    page.wait_for_selector("#standing[data-standing=closed]")
    until(page, "document.getElementById('sound').hidden")
    time.sleep(1.0)
    assert bursts(page) == 0


FITS = "all => all.every((one) => one.textContent.trim() && one.scrollWidth <= one.offsetWidth)"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_it_has_room_in_every_state(opened: Open, writing: Writing, size: str, language: str) -> None:
    writing.scene()
    writing.bleeding(6.0)
    put_picture(writing.folder, 1)
    page = opened(size, language)
    page.wait_for_selector("#picture:not([hidden])", state="attached")
    for wanted, press in (("off", "press"), ("on", "pause"), ("paused", "turn_off")):
        mode(page, wanted)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
        for part in ("#sound", "#sound-words", "#sound button:last-child", "[data-card=A0001]", "#clock"):
            box = page.locator(part).bounding_box()
            assert box["x"] >= 0, (wanted, part)
            assert box["x"] + box["width"] <= SIZES[size][0], (wanted, part)
        lowest = page.locator("#technical li").last.bounding_box()
        page.evaluate("document.getElementById('sound').style.display = 'none'")
        pushed = page.locator("#technical li").last.bounding_box() != lowest
        assert not pushed or lowest["y"] + lowest["height"] <= SIZES[size][1], "nothing is pushed off the screen"
        page.evaluate("document.getElementById('sound').style.display = ''")
        assert page.locator("#sound button").evaluate_all(FITS)
        page.locator(f"#sound [data-sound={press}]").click()
