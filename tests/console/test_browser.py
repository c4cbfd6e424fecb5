"""The live page in a real browser: on a wall, a laptop and a tablet."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn

from medgrpo.console import NoUsers, Settings, make_app
from medgrpo.stream import Black, Inbox, Tick
from medgrpo.stream.showing import picture_of
from medgrpo.video import encode_jpeg

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
SIZES = {"wall": (1920, 1080), "laptop": (1366, 768), "tablet": (1024, 768)}
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"),
]


@dataclass
class Running:
    """A console that listens on a port of loopback, in a thread. `stop` cuts off every open page; `start` listens there again."""

    cases: Path
    port: int = 0
    server: Any = None
    thread: threading.Thread | None = None

    def start(self) -> None:
        app = make_app(Settings(self.cases), NoUsers())
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="critical", timeout_graceful_shutdown=0, ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()), daemon=True)
        self.thread.start()
        until = time.monotonic() + 30
        while not self.server.started:
            assert time.monotonic() < until
            time.sleep(0.02)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        assert self.thread is not None
        self.thread.join(20)


@dataclass
class Seen:
    """What a page complained about, and whom it asked."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def running(cases: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr("medgrpo.console.listing.SILENT_SECONDS", 1e6)  # the scene stands still while a test looks at it
    console = Running(cases)
    console.start()
    yield console
    console.stop()


def opened(browser: Any, running: Running, size: str = "laptop", language: str = "en") -> tuple[Any, Seen]:
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce").new_page()
    page.set_default_timeout(30_000)
    seen = Seen()
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("request", lambda sent: seen.hosts.add(sent.url.split("/")[2]) if sent.url.startswith("http") else None)
    page.goto(f"http://127.0.0.1:{running.port}/cases/second?language={language}", wait_until="domcontentloaded")
    until(page, "window.medgrpo && window.medgrpo.counter >= 0")
    return page, seen


def until(page: Any, holds: str) -> None:
    """As playwright's wait_for_function, which evaluates strings in the page: its policy forbids that."""
    end = time.monotonic() + 30
    while not page.evaluate(holds):
        assert time.monotonic() < end, holds
        time.sleep(0.05)


def put_picture(folder: Path, number: int, black: Black | None = None) -> None:
    grey = np.full((480, 854, 3), 90, np.uint8)
    tick = Tick(number, float(number), None, None, None, (), (), (), (), (), 0, 0, shown=grey, black=black)
    (folder / "live").mkdir(exist_ok=True)
    beside = folder / "live" / "unfinished"
    beside.write_bytes(picture_of(tick, clear=True))
    beside.replace(folder / "live" / "picture.jpg")


def assert_on_screen(page, size, parts) -> None:
    """Nothing is wider than the screen, and each of these parts is whole on it without scrolling."""
    width, height = SIZES[size]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in parts:
        box = page.locator(part).bounding_box()
        assert box is not None, part
        assert box["x"] >= 0, part
        assert box["x"] + box["width"] <= width + 1, part
        assert box["y"] + box["height"] <= height, f"{part} ends at {box['y'] + box['height']:.0f} of {height}"


@pytest.mark.parametrize("size", SIZES)
def test_everything_that_one_looks_for_is_on_the_screen_without_scrolling(browser, running, writing, size):
    writing.scene()
    writing.bleeding(6.0)
    put_picture(writing.folder, 1)
    page, seen = opened(browser, running, size)
    page.wait_for_selector("#picture:not([hidden])", state="attached")
    named = ("#phase", "#frame", "#steps", "#timeline svg", "[data-card=A0001]", "#criteria", "#risks li:last-child", ".banner")
    assert_on_screen(page, size, named)
    text = page.locator("body").inner_text()
    assert "Research software, not for clinical use" in text
    card = page.locator("[data-card=A0001]").inner_text()
    for word in ("HIGH", "Bleeding", "blood spreads in the view", "upper left", "80 %", "Clipping and division", "Compress first."):
        assert word in card, card
    channels = page.locator("#risks").inner_text()
    assert "NOT ASSESSED\nthis version grades no pictures" in channels
    assert "MONITORING" in channels
    assert page.locator("#risks [data-channel=bleeding] .sign").inner_text() == "!"
    assert seen == Seen([], {f"127.0.0.1:{running.port}"})
    page.context.close()


def test_a_browser_that_was_cut_off_comes_back_with_nothing_missed(browser, running, writing):
    writing.scene()
    page, _ = opened(browser, running)
    running.stop()
    writing.bleeding(6.0)
    writing.decision("dismissed", "bleeding", 7.0, "A0001", presence="Off", by="carl", kind="person", request="7" * 32)
    writing.decision("deliberately not said", "view", 8.0)
    page.wait_for_selector("#standing[data-standing=disconnected]")
    assert "this page is old" in page.locator("#standing").inner_text()
    assert page.locator("#risks [data-state=monitoring]").count() == 0, "nobody vouches for it any more"
    assert "Connection to the console lost" in page.locator("#notice").inner_text()
    running.start()  # another process: it reads the record anew
    writing.tick(9.0)
    until(page, f"window.medgrpo.counter === {writing.journal.counter}")
    page.wait_for_selector("#standing[data-standing=live]")
    told = page.locator("#log tr").all_inner_texts()
    assert [line.split("\t")[1] for line in told[:3]] == ["deliberately not said", "dismissed (carl)", "said"]
    page.context.close()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "the case is closed"), ("de", "der Fall ist abgeschlossen"), ("zh", "病例已结束")]
)
def test_a_closed_case_monitors_nothing_and_no_alert_stands(browser, running, writing, language, words):
    writing.scene()
    writing.bleeding(6.0)
    page, seen = opened(browser, running, language=language)
    page.wait_for_selector("[data-card=A0001]")
    writing.journal.close("done")
    page.wait_for_selector("#standing[data-standing=closed]")
    page.wait_for_selector("[data-card=A0001]", state="detached")
    rows = page.locator("#risks li")
    assert rows.count() > 4
    for row in rows.all():
        assert row.get_attribute("data-state") == "not assessed"
        assert row.locator(".why").inner_text() == words
    assert page.locator("#technical li").get_attribute("data-state") == "not assessed"
    page.locator("#technical button").click()
    assert page.locator("#dialog-body [data-state='not assessed']").count() == 3
    assert seen.complaints == []
    page.context.close()


def _bottom(page: Any, part: str) -> float:
    box = page.locator(part).locator("li").last.bounding_box()
    return box["y"] + box["height"]


def test_a_case_that_an_error_ended_says_so(browser, running, writing):
    writing.scene()
    page, _ = opened(browser, running, "wall")
    writing.journal.append("stopped", {"error": "OSError", "why": "the camera is gone"})
    writing.journal.sign()
    page.wait_for_selector("#standing[data-standing=stopped]")
    assert "ended with an error" in page.locator("#standing").inner_text()
    assert _bottom(page, "#technical") <= SIZES["wall"][1]
    assert page.locator("#risks [data-state=monitoring]").count() == 0
    page.context.close()


def test_an_odd_entry_is_named_on_the_page_which_goes_on(browser, running, writing):
    """One that the console finds odd, and one that only the page does."""
    writing.scene()
    page, _ = opened(browser, running)
    assert page.locator("#faults").is_hidden()
    writing.journal.append("channel", {"channel": "bleeding"})
    page.wait_for_selector("#faults:not([hidden])")
    assert "cannot be shown: 1." in page.locator("#faults").inner_text()
    assert "(channel): KeyError: 'state'" in page.locator("#faults").inner_text()
    assert _bottom(page, "#technical") <= SIZES["laptop"][1], "the channels are still on the screen"
    page.evaluate("window.medgrpo.things.now.forecast.options = 5")  # a part that cannot draw itself
    writing.bleeding(7.0)
    page.wait_for_selector("[data-card=A0001]")
    sync_api.expect(page.locator("#faults")).to_contain_text("drawPanels")
    assert page.locator("#log tr").first.inner_text().split("\t")[1] == "said", "the parts after it are drawn"
    page.context.close()


def test_a_picture_of_an_alert_is_shown_only_where_it_is_the_one_that_was_kept(browser, running, writing):
    grey = encode_jpeg(np.full((48, 64, 3), 90, np.uint8))
    (writing.folder / "evidence").mkdir()
    (writing.folder / "evidence" / "A0001.jpg").write_bytes(grey)
    writing.scene()
    kept = {"file": "evidence/A0001.jpg", "sha256": hashlib.sha256(grey).hexdigest(), "dimmed": False}
    writing.decision("said", "bleeding", 6.0, "A0001", evidence=kept)
    page, _ = opened(browser, running)
    page.locator("[data-card=A0001] [data-act=more]").click()
    page.wait_for_selector("#dialog-body img")
    until(page, "document.querySelector('#dialog-body img').naturalWidth === 64")
    page.keyboard.press("Escape")
    (writing.folder / "evidence" / "A0001.jpg").write_bytes(grey[:-2] + b"xx")
    page.locator("[data-card=A0001] [data-act=more]").click()
    page.wait_for_selector("#dialog-body .fault")
    assert "its hash is not the one in the record" in page.locator("#dialog-body .fault").inner_text()
    assert page.locator("#dialog-body img").count() == 0
    page.context.close()


def test_an_alert_is_answered_with_the_keyboard_alone(browser, running, writing):
    writing.scene()
    writing.bleeding(6.0)
    page, seen = opened(browser, running)
    page.wait_for_selector("[data-card=A0001]")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.act") == "dismiss":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.locator("input[value=known]").focus()
    page.keyboard.press("Space")
    page.locator("#why-words").fill('<img src=x onerror="document.title=1">')
    page.locator("#dialog-body button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=sent, not yet recorded")
    ((_, answer),) = Inbox(writing.folder).waiting()
    assert answer.dismissed_because == 'it is known and being dealt with: <img src=x onerror="document.title=1">'
    writing.decision(
        "dismissed",
        "bleeding",
        7.0,
        "A0001",
        presence="Off",
        by=answer.by,
        kind="person",
        why=answer.dismissed_because,
        request=answer.id,
    )
    page.wait_for_selector("[data-card=A0001]", state="detached")
    assert "onerror" in page.locator("#log tr").first.inner_text(), "as text"
    assert seen.complaints == []
    page.context.close()


def test_lost_video_is_said_where_the_picture_was(browser, running, writing):
    writing.scene()
    put_picture(writing.folder, 1)
    page, _ = opened(browser, running)
    page.wait_for_selector("#picture:not([hidden])", state="attached")
    writing.channel("video_lost", "alert", "no picture for more than 2 s", "Me", "Tec")
    writing.tick(8.0, None, "no picture for more than 2 s")
    page.wait_for_selector("#frame[data-wrong=lost]")
    assert "Video lost" in page.locator("#notice").inner_text()
    sync_api.expect(page.locator("#phase")).to_contain_text("no picture for more than 2 s")  # the look comes after its channel
    assert page.locator("#drawn g").count() == 0
    page.context.close()


@pytest.mark.parametrize(("language", "word", "state"), [("de", "Blutung", "BEOBACHTET"), ("zh", "出血", "监测中")])
def test_other_languages_say_it_and_what_the_record_holds_is_marked_english(browser, running, writing, language, word, state):
    writing.scene()
    writing.thought(6.0)
    page, seen = opened(browser, running, language=language)
    page.wait_for_selector("#risks li")
    assert page.evaluate("document.documentElement.lang") == language
    row = page.locator("#risks [data-channel=bleeding]").inner_text()
    assert word in row
    assert state in row
    assert page.locator("#risks [data-channel=critical_view] .why span").get_attribute("lang") == "en"
    page.locator("#thoughts button").first.click()
    page.wait_for_selector("dialog[open] .abstain")
    assert page.locator("#dialog-body .sentence span").get_attribute("lang") == "en"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert seen.complaints == []
    page.context.close()


def test_text_stands_out_from_its_ground(browser, running, writing):
    """WCAG 2.2: 4.5 to 1 for text, computed from the colours that the browser paints."""
    writing.scene()
    writing.bleeding(6.0)
    writing.decision("said", "view", 6.5, "A0002", priority="Lo")
    page, _ = opened(browser, running, "wall")
    page.wait_for_selector("[data-card=A0002]")
    poor = page.evaluate(CONTRASTS)
    assert poor == []
    page.context.close()


CONTRASTS = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("main *, header *, .banner *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("svg, .frame, .unseen")) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${element.className} "${element.textContent.trim().slice(0, 30)}" ${ratio.toFixed(1)}`);
  }
  return poor;
}"""
