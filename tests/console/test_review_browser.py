"""The pages of reviewing in a real browser: moved through by keyboard, a finding corrected, a report written and signed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `serve` is not installed")
pytest.importorskip("starlette", reason="the extra `serve` is not installed")

from medgrpo.cases import ReportState
from tests.console import reviewing

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZES = {"wall": (1920, 1080), "laptop": (1366, 768), "tablet": (1024, 768), "narrow": (600, 900)}
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"),
]
UNNAMED = """[...document.querySelectorAll('input:not([type=hidden]):not([hidden]),textarea,button,a,img')].filter((one) =>
  !(one.labels && one.labels.length) && !one.getAttribute('aria-label') && !one.getAttribute('alt') && !one.textContent.trim()
).map((one) => one.outerHTML)"""


def _complains(message) -> bool:
    """A refusal that the test asked for is told by the browser too."""
    return message.type in ("error", "warning") and "status of 403" not in message.text


@pytest.fixture(scope="module")
def office(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with reviewing.office(tmp_path_factory.mktemp("office"), raw) as office:
        yield office


@pytest.fixture(scope="module")
def address(office) -> Iterator[str]:
    with reviewing.running(office) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address: str, request: pytest.FixtureRequest):
    """Signed in as ada. At the end: nothing complained, nothing was asked of anybody else."""
    options = getattr(request, "param", {"viewport": {"width": 1366, "height": 768}})
    context = browser.new_context(**options, base_url=address)
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("console", lambda message: complaints.append(message.text) if _complains(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((address, "blob:")) else complaints.append(asked.url))
    page.goto("/sign-in")
    page.fill("#name", "ada")
    page.fill("#password", reviewing.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    "page", [{"viewport": dict(zip(("width", "height"), size, strict=True))} for size in SIZES.values()], indirect=True
)
def test_it_fits_every_screen_and_everything_has_a_name(page, office) -> None:
    for path in ("/review", f"/review/{office.analysed.id}", f"/review/{office.watched.id}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(UNNAMED) == [], path


def test_pictures_are_moved_through_by_keyboard_and_by_finding(page, office) -> None:
    page.goto(f"/review/{office.analysed.id}")
    told, slider = page.locator("#told"), page.locator("#moment")
    sync_api.expect(told).to_have_text("00:15")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    sync_api.expect(told).to_have_text("00:16")
    sync_api.expect(page.locator("#shown")).to_have_attribute("src", re.compile("^blob:"))
    page.locator("#finding-0003 a.moment").click()
    sync_api.expect(told).to_have_text("00:25")
    sync_api.expect(page.locator("#finding-0003")).to_have_class("now")
    before = page.locator("#shown").get_attribute("src")
    page.keyboard.press("Tab")
    page.locator("svg.findings a").first.focus()
    page.keyboard.press("Enter")
    sync_api.expect(told).to_have_text("00:05")
    sync_api.expect(page.locator("#shown")).not_to_have_attribute("src", before)
    slider.fill("1")
    sync_api.expect(page.locator("#note")).to_contain_text("dimmed")
    page.locator("#play").click()
    sync_api.expect(told).to_have_text("00:02")
    page.locator("#play").click()
    sync_api.expect(page.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_a_finding_corrected_a_report_written_and_signed(page, office) -> None:
    page.goto(f"/review/{office.analysed.id}")
    item = page.locator("#finding-0002")
    item.locator("details.correct summary").click()
    item.locator("textarea").fill("Two clips on the cystic duct.")
    item.locator("input[name=reason]").fill("counted on the video")
    item.locator("button").click()
    sync_api.expect(page.get_by_role("status").filter(has_text="The correction is kept.")).to_be_visible()
    sync_api.expect(page.locator("#finding-0002 .sentence")).to_contain_text("Two clips on the cystic duct.")
    sync_api.expect(page.locator("#finding-0002 .done")).to_be_in_viewport()
    sync_api.expect(page.locator("#finding-0001 .done")).to_be_hidden()
    assert "Two clips on the cystic duct. (reworded by Dr Ada Stein)" in page.locator("#text").input_value()
    sync_api.expect(page.locator(".worth")).to_contain_text("DRAFT")
    page.get_by_role("button", name="Keep as version 1").click()
    sync_api.expect(page.locator(".worth")).to_contain_text("Version 1 by Dr Ada Stein, not signed.")
    sign = page.locator("#sign button")
    page.locator("#text").press_sequentially("x")
    sync_api.expect(sign).to_be_disabled()
    page.locator("#text").press("Backspace")
    sync_api.expect(sign).to_be_enabled()
    page.locator("#sign input[type=password]").fill("guess")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        sign.click()
    assert answered.value.status == 403
    sync_api.expect(page.get_by_role("alert")).to_contain_text("Not signed")
    page.locator("#sign input[type=password]").fill(reviewing.PASSWORD)
    page.locator("#sign button").click()
    sync_api.expect(page.locator(".worth")).to_contain_text("Version 1, signed by Dr Ada Stein (ada)")
    assert "DRAFT" not in page.locator("main").inner_text()
    assert office.store.find(office.analysed.id).report is ReportState.SIGNED


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_without_a_script_links_and_forms_do(page, office) -> None:
    page.goto(f"/review/{office.watched.id}")
    page.locator("a.moment").last.click()
    page.wait_for_url("**?at=*")
    assert page.locator("#shown").get_attribute("src").endswith(page.url.split("?at=")[1].split("#")[0])
