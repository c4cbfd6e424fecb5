"""In a real browser: what was typed and not kept is there after leaving, an error, a faster colleague; gone when it should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `serve` is not installed")
pytest.importorskip("starlette", reason="the extra `serve` is not installed")

from medgrpo.cases import Verdict
from tests.console import reviewing
from tests.console.test_review_browser import UNNAMED, browser, pytestmark  # noqa: F401 - a fixture

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('medgrpo-draft/'))"


@pytest.fixture
def at(office) -> Iterator[str]:
    with reviewing.running(office) as address:
        yield address


def signed_in(page: Any, name: str) -> None:
    page.goto("/sign-in")
    page.fill("#name", name)
    page.fill("#password", reviewing.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


@pytest.fixture
def page(browser, at: str):  # noqa: F811
    """Signed in as ada; nothing is complained about but refusals that a test asks for."""
    context = browser.new_context(base_url=at, viewport={"width": 1366, "height": 900})
    complaints: list[str] = []
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("console", lambda one: complaints.append(one.text) if one.type == "error" and "status of 4" not in one.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    signed_in(page, "ada")
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def case(office, page) -> str:
    page.goto(f"/review/{office.analysed.id}")
    return f"/review/{office.analysed.id}"


def copied(page: Any) -> None:
    sync_api.expect(page.locator("#edit [data-told]")).to_have_text("Not kept yet. A copy lies in this browser.")


def nothing_lies_here(page: Any) -> None:
    """No draft is in the browser, or soon none: a page that answers takes it away once its script has run."""
    page.wait_for_function(f"() => {DRAFTS}.length === 0")


def typed(page: Any, text: str) -> None:
    page.locator("#text").fill(text)
    copied(page)


def test_a_report_left_in_the_middle_is_offered_again(page, case: str) -> None:
    typed(page, "The gallbladder was taken out.")
    page.goto("/review")
    page.goto(case)
    offer = page.get_by_role("region", name="You typed this and did not keep it")
    sync_api.expect(offer).to_be_focused()
    sync_api.expect(offer.get_by_role("listitem")).to_contain_text("The text of the report, ")
    assert page.locator("#text").evaluate("(one) => one.closest('form').inert"), "typing would take the copy's place"
    assert page.evaluate(UNNAMED) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("#text")).to_have_value("The gallbladder was taken out.")
    sync_api.expect(page.locator("#text")).to_be_focused()
    sync_api.expect(page.locator("#edit [data-told]")).to_contain_text("This is what you typed")
    page.get_by_role("button", name="Keep as version 1").click()
    sync_api.expect(page.locator(".worth").first).to_contain_text("Version 1 by Dr Ada Stein, not signed.")
    nothing_lies_here(page)
    page.reload()
    sync_api.expect(offer).to_be_hidden()


def test_given_up_it_is_gone_and_taken_back_it_is_none(page, case: str) -> None:
    begun = page.locator("#text").input_value()
    typed(page, "x")
    page.reload()
    page.get_by_role("button", name="Give it up").click()
    sync_api.expect(page.locator("#text")).to_have_value(begun)
    nothing_lies_here(page)
    typed(page, "y")
    page.locator("#text").fill(begun)
    sync_api.expect(page.locator("#edit [data-told]")).to_have_text("")
    page.wait_for_timeout(600)
    nothing_lies_here(page)


def test_correcting_a_finding_does_not_lose_the_report(page, case: str) -> None:
    """The page is made anew after each correction."""
    page.locator("#text").fill("Half a sentence")
    other = page.locator("#finding-0003")
    other.locator("summary", has_text="Correct").click()
    other.locator("input[name=reason]").fill("not yet")
    item = page.locator("#finding-0001")
    item.locator("summary", has_text="Correct").click()
    item.get_by_label("right", exact=True).check()
    item.locator("input[name=reason]").fill("seen on the video")
    item.locator("button").click()
    sync_api.expect(page.get_by_role("status").filter(has_text="The correction is kept.")).to_be_visible()
    sync_api.expect(page.locator("#text")).to_have_value("Half a sentence")
    sync_api.expect(page.locator("#finding-0003 input[name=reason]")).to_have_value("not yet")
    sync_api.expect(page.locator("#offer")).to_be_hidden()
    assert page.locator("#finding-0001 input[name=reason]").input_value() == ""
    assert sorted(key.rsplit("/", 1)[1] for key in page.evaluate(DRAFTS)) == ["finding-0003", "report"]


def test_a_colleague_was_faster_and_nothing_is_lost(page, case: str, office, tmp_path: Path) -> None:
    typed(page, "It went well.\nMy own line.")
    office.store.write(office.analysed.id, "It went well.\nHis line.", "ben", parent=0)
    page.get_by_role("button", name="Keep as version 1").click()
    clash = page.locator("#clash")
    sync_api.expect(clash).to_contain_text("Version 1, kept by Dr Ben Wu meanwhile, and yours")
    assert clash.locator("del").all_inner_texts() == ["His line."]
    assert clash.locator("ins").all_inner_texts() == ["My own line."]
    page.screenshot(path=tmp_path / "conflict.png", full_page=True)
    sync_api.expect(page.locator("#text")).to_have_value("It went well.\nMy own line.")
    sync_api.expect(page.locator("#sign button")).to_be_disabled()
    assert page.evaluate(UNNAMED) == []
    page.goto("/review")  # left before anything was decided
    page.goto(case)
    sync_api.expect(page.locator("#offer-list")).to_contain_text("A newer version has been kept since")
    page.get_by_role("button", name="Take it up again").click()
    page.locator("#edit button").click()
    sync_api.expect(clash).to_be_visible()  # both again: no way past the other one's words
    page.locator("#text").fill("It went well.\nHis line.\nMy own line.")
    page.get_by_role("button", name="Keep as version 2").click()
    sync_api.expect(page.locator(".worth").first).to_contain_text("Version 2 by Dr Ada Stein")
    assert [one.text for one in office.store.versions(office.analysed.id)][1] == "It went well.\nHis line.\nMy own line.\n"
    nothing_lies_here(page)


def test_the_colleague_s_version_is_left_as_it_is(page, case: str, office) -> None:
    typed(page, "Mine.")
    office.store.write(office.analysed.id, "His.", "ben", parent=0)
    page.get_by_role("button", name="Keep as version 1").click()
    page.get_by_role("link", name="leave it at version 1 and give up yours").click()
    sync_api.expect(page.locator("#text")).to_have_value("His.\n")
    sync_api.expect(page.locator("#offer")).to_be_hidden()
    nothing_lies_here(page)


def test_a_finding_corrected_by_a_colleague_meanwhile(page, case: str, office) -> None:
    item = page.locator("#finding-0002")
    item.locator("summary", has_text="Correct").click()
    item.locator("textarea").fill("Two clips.")
    item.locator("input[name=reason]").fill("counted")
    sync_api.expect(item.locator("[data-told]")).to_contain_text("A copy lies in this browser.")
    office.store.correct(office.analysed.id, "finding-0002", Verdict.REWORDED, "Three clips.", "I too", "ben", seen=0, said="x")
    item.locator("button").click()
    sync_api.expect(item.locator(".clash")).to_contain_text("Dr Ben Wu said meanwhile: reworded. Reason: I too. Three clips.")
    sync_api.expect(item.locator("textarea")).to_have_value("Two clips.")
    item.locator("button").click()
    sync_api.expect(item.locator(".sentence")).to_contain_text("Two clips.")
    assert [one.text for one in office.store.corrections(office.analysed.id)] == ["Three clips.", "Two clips."]


def test_signing_out_says_so_and_deletes_it(page, case: str) -> None:
    page.locator("#text").fill("Names a patient")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Sign out").click()
    assert "is not kept yet" in asked[0]
    assert len(page.evaluate(DRAFTS)) == 1, "stayed"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    nothing_lies_here(page)
    assert "patient" not in page.evaluate("JSON.stringify(Object.entries(localStorage))")


def test_a_page_left_open_keeps_nothing_after_its_user_has_signed_out(page, case: str) -> None:
    other = page.context.new_page()
    other.goto("/review")
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/sign-in**")
    page.locator("#text").fill("too late")
    sync_api.expect(page.locator("#edit [data-told]")).to_contain_text("this browser keeps no copy")
    nothing_lies_here(page)


def test_a_session_that_ended_does_not_take_the_text_with_it(page, case: str) -> None:
    typed(page, "An hour's work.")
    page.context.clear_cookies()
    page.get_by_role("button", name="Keep as version 1").click()
    sync_api.expect(page.get_by_text("Please sign in.")).to_be_visible()
    signed_in(page, "ben")
    page.goto(case)
    sync_api.expect(page.locator("#offer")).to_be_hidden()  # it is nobody else's
    page.context.clear_cookies()
    signed_in(page, "ada")
    page.goto(case)
    page.get_by_role("button", name="Take it up again").click()
    sync_api.expect(page.locator("#text")).to_have_value("An hour's work.")


def test_copies_are_not_kept_for_ever(page, case: str) -> None:
    typed(page, "old")
    page.goto("/review")
    page.evaluate(
        "Object.keys(localStorage).forEach((key) => localStorage.setItem(key, "
        "JSON.stringify({ ...JSON.parse(localStorage[key]), at: Date.now() - 8 * 24 * 3600 * 1000 })))"
    )
    page.goto(case)
    sync_api.expect(page.locator("#offer")).to_be_hidden()
    nothing_lies_here(page)


def test_where_the_browser_keeps_no_copy_leaving_is_asked_about(page, case: str) -> None:
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    page.locator("#text").fill("only here")
    sync_api.expect(page.locator("#edit [data-told]")).to_contain_text("this browser keeps no copy")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/review")
    assert asked == ["beforeunload"]
