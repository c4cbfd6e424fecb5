"""The page in a real browser, at the widths of a desk and of a tablet."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from medgrpo.core import Span
from medgrpo.reasoning import Cue, Ground, GroundKind, Thought
from medgrpo.report import DRAFT_NOTICE, CaseInfo, Report, draft_report, render_html
from medgrpo.video import Image

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (420, 900)}
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"),
]


@dataclass
class Seen:
    """What the page did that it should not do."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def file(report: Report, draw_frame: Callable[[float], Image], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_html(report, draw_frame), encoding="utf-8")
    return path


@pytest.fixture(params=SIZES)
def opened(request: pytest.FixtureRequest, browser, file: Path):
    with_page = _open(browser, file, SIZES[request.param])
    yield with_page
    with_page[0].context.close()
    assert with_page[1].complaints == []
    assert with_page[1].requests == [file.as_uri()]


def _open(browser, file: Path, size: tuple[int, int], **options: object):
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", **options).new_page()
    seen = Seen()
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (seen.complaints.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda sent: seen.requests.append(sent.url) if not sent.url.startswith("data:") else None)
    page.goto(file.as_uri())
    return page, seen


def _frame_shown(page) -> tuple[str, str]:
    """The picture's place in the store and what is said of it, in the evidence panel."""
    panel = page.locator("#panel svg.picture")
    return panel.locator("use").get_attribute("href"), panel.get_attribute("aria-label")


def test_nothing_is_wider_than_the_screen_and_the_banner_stays(opened) -> None:
    page, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    banner = page.locator(".banner")
    assert DRAFT_NOTICE in banner.inner_text()
    for _ in range(2):
        box = banner.bounding_box()
        assert box["y"] == 0
        assert box["height"] > 20
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")


def test_choosing_an_event_shows_its_frame_and_its_statement(opened) -> None:
    page, _ = opened
    page.locator('#lanes [data-item="e4"]').click()
    place, said = _frame_shown(page)
    assert said.startswith("Frame at 04:31.0: Clip applied: cystic duct. Boxes: clipper 0.91, grasper 0.81")
    statement = page.locator("#s9")
    assert place == statement.locator("use").get_attribute("href")
    assert page.locator(f"image{place}").get_attribute("href").startswith("data:image/jpeg")
    assert page.locator("#panel .tip .box").count() == 2
    assert page.evaluate("document.activeElement.id") == "s9"
    assert "chosen" in statement.get_attribute("class")
    top = statement.bounding_box()["y"]
    assert 30 < top < page.viewport_size["height"] - 100
    assert page.locator("#viewer").is_visible()


def test_a_risk_alert_leads_to_its_reason(opened) -> None:
    page, _ = opened
    page.locator("#lanes .item.alert").first.click()
    assert "divided after a single clip" in page.locator("#panel").inner_text()
    assert "divided after a single clip" in page.evaluate("document.activeElement.textContent")
    page.locator("#lanes .item.unknown").last.click()
    assert "No picture" in page.locator("#panel").inner_text()


def test_the_keyboard_goes_along_a_lane_and_to_the_text(opened) -> None:
    page, _ = opened
    page.locator('#lanes [data-item="p1"]').focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.item") == "p2"
    assert _frame_shown(page)[1].startswith("Frame at 00:40.0: Preparation.")
    assert page.locator(".tooltip.shown").inner_text().startswith("Preparation, 00:06–01:14")
    outline = page.evaluate("getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth")
    assert outline == "4px"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.item").startswith("f")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "TR"
    page.locator("#to-timeline").click()
    assert page.evaluate("document.activeElement.dataset.item").startswith("f")


def test_next_and_previous_walk_in_time(opened) -> None:
    page, _ = opened
    page.locator('#lanes [data-item="e3"]').click()
    first = page.locator("#panel").get_attribute("data-item")
    page.locator("#next").click()
    assert page.locator("#panel").get_attribute("data-item") != first
    page.locator("#previous").click()
    assert page.locator("#panel").get_attribute("data-item") == first


def test_zoom_widens_the_lanes_inside_their_own_scroller(opened) -> None:
    page, _ = opened
    before = page.locator("#lanes").bounding_box()["width"]
    page.get_by_role("button", name="4×").click()
    assert page.locator("#lanes").bounding_box()["width"] == pytest.approx(4 * before, abs=2)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_page_says_everything_without_a_script(browser, file: Path, report: Report) -> None:
    page, _ = _open(browser, file, SIZES["desktop"], java_script_enabled=False)
    for number, finding in enumerate(report.timeline.findings, 1):
        statement = page.locator(f"#s{number}")
        assert finding.text in statement.inner_text()
        assert statement.locator("svg.picture").bounding_box()["height"] > 50
    assert not page.locator("#viewer").is_visible()
    page.locator('#lanes [data-item="e4"]').click()
    assert page.url.endswith("#s9")
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_chain_of_thought_opens_at_its_moment_and_its_cues_show_their_frames(
    browser,
    timeline,
    procedure,
    make_case: Callable[..., CaseInfo],
    draw_frame: Callable[[float], Image],
    tmp_path: Path,
    size: str,
):
    seen_at = (259.5, 294.5)
    cues = tuple(
        Cue(f"c{n}", ("anatomy:cystic_duct",), f"cue {n}", Span(at, at), (at,), at, 0.8, "seen") for n, at in enumerate(seen_at, 1)
    )
    rule = Ground("g1", GroundKind.REQUIRES, "clip_structures", "state:triangle_cleared", "a long reason " * 20, ("brunt-2020",))
    thought = Thought(
        "t", "clip", "Clip now?", 300.0, Span(250, 300), (), cues, (), (rule,), (), (), (), 0.8, None, "The duct has been clipped."
    )
    path = tmp_path / "thought.html"
    report = draft_report(replace(timeline, thoughts=(thought,)), procedure, make_case())
    path.write_text(render_html(report, draw_frame), encoding="utf-8")
    page, seen = _open(browser, path, SIZES[size])
    chain = page.locator("details#t1")
    assert chain.get_attribute("open") is None
    page.locator('#lanes [data-item="t1"]').click()
    assert chain.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.id") == "t1"
    assert _frame_shown(page)[1].startswith("Frame at 04:19.5")
    page.locator('#t1 a.moment[data-item="t1c2"]').dispatch_event("click")
    assert _frame_shown(page)[1].startswith("Frame at 04:54.5")
    assert page.evaluate("document.activeElement.id") == "t1"  # the reader stays where they read
    link = chain.locator('a[href^="#c"][aria-label^="reference"]').last
    entry = link.get_attribute("href")
    link.click()
    assert page.evaluate("document.activeElement.id") == entry[1:]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.context.close()
    assert seen.complaints == []


def test_a_hostile_file_name_does_not_run(
    browser, timeline, procedure, make_case: Callable[..., CaseInfo], draw_frame: Callable[[float], Image], tmp_path: Path
):
    name = "</title></style><script>alert(1)</script><img src=x onerror=alert(2)>.mp4"
    path = tmp_path / "hostile.html"
    path.write_text(render_html(draft_report(timeline, procedure, make_case(name)), draw_frame, picture_bytes=0), encoding="utf-8")
    page, seen = _open(browser, path, SIZES["desktop"])
    assert name in page.locator(".case").inner_text()
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    page.context.close()
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed (apt-get install poppler-utils)")
def test_every_printed_page_bears_the_banner(browser, file: Path, tmp_path: Path) -> None:
    page, _ = _open(browser, file, SIZES["desktop"])
    page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True, print_background=True)
    page.context.close()
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "report.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    sheets = text.split("\f")[:-1]
    assert len(sheets) > 3
    assert all(DRAFT_NOTICE in sheet for sheet in sheets)
    assert all(re.search(rf"page {number} of {len(sheets)}", sheet) for number, sheet in enumerate(sheets, 1))
