"""What the live page says where it might be misread, in a real browser."""

from __future__ import annotations

import pytest

from medgrpo.stream import Black
from tests.console import test_browser as shared
from tests.console.test_browser import SIZES, assert_on_screen, opened, put_picture, sync_api

browser, running, pytestmark = shared.browser, shared.running, shared.pytestmark


@pytest.mark.parametrize(
    ("language", "none", "shown", "known"),
    [
        ("en", "No alert stands.", "No alert is shown, although this stands: Video lost", "not known"),
        ("de", "Kein Alarm steht an.", "Kein Alarm wird gezeigt, obwohl dies besteht: Video verloren", "nicht bekannt"),
        ("zh", "当前无警报。", "未显示警报，但以下情况存在： 视频丢失", "无法确定"),
    ],
)
def test_an_empty_list_of_alerts_contradicts_no_red_tile(browser, running, writing, language, none, shown, known):
    """A condition may stand without an alert: it has just begun, was dismissed, or is held back."""
    writing.scene()
    page, seen = opened(browser, running, language=language)
    said = page.locator("#alerts .none")
    sync_api.expect(said).to_have_text(none)
    writing.channel("video_lost", "alert", "no picture for more than 2 s", "Me", "Tec")
    writing.decision("deliberately not said", "video_lost", 6.0)
    page.wait_for_selector("#technical [data-state=alert]")
    sync_api.expect(said).to_have_text(shown)
    writing.channel("video_lost", "monitoring", "pictures come in", "Me", "Tec")
    sync_api.expect(said).to_have_text(none)
    writing.journal.append("stopped", {"error": "OSError", "why": "the camera is gone"})
    sync_api.expect(said).to_contain_text(known)
    assert seen.complaints == []
    page.context.close()


def test_a_tile_is_as_urgent_as_its_alert(browser, running, writing):
    """Red is for high ones: a low one that is louder than all else hides what matters."""
    writing.scene()
    page, seen = opened(browser, running)
    colour = "(where) => getComputedStyle(document.querySelector(`${where} .sign`)).backgroundColor"
    for priority, shown in (("Lo", "rgb(154, 216, 240)"), ("Me", "rgb(255, 192, 77)"), ("Hi", "rgb(255, 107, 99)")):
        writing.channel("video_frozen", "alert", "the same picture for more than 2 s", priority, "Tec")
        writing.channel("bleeding", "alert", "blood fills the view", priority)
        page.wait_for_selector(f"#technical [data-priority={priority}]")
        page.wait_for_selector(f"#risks [data-channel=bleeding][data-priority={priority}]")
        assert page.evaluate(colour, "#technical") == shown
        assert page.evaluate(colour, "#risks [data-channel=bleeding]") == shown
    assert seen.complaints == []
    page.context.close()


@pytest.mark.parametrize(("language", "word"), [("en", "SIMULATED"), ("de", "SIMULIERT"), ("zh", "模拟")])
def test_a_simulated_case_says_so_and_a_real_one_does_not(browser, running, writing, language, word):
    writing.scene()
    page, seen = opened(browser, running, "tablet", language)
    mark = page.locator("#simulated")
    sync_api.expect(page.locator("#clock-time")).to_have_text("00:05")
    sync_api.expect(mark).to_be_hidden()
    writing.tick(6.0, domain="simulated laparoscopic cholecystectomy")
    sync_api.expect(mark).to_be_visible()
    assert word in mark.inner_text()
    box = mark.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] < SIZES["tablet"][1] / 3, "at the top, without scrolling"
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["tablet"][0]
    assert seen.complaints == []
    page.context.close()


def test_the_picture_says_how_much_of_it_is_black_and_why(browser, running, writing):
    writing.scene()
    writing.journal.append("black", {"text": 0.07, "regions": 0.0, "seconds": 5.0, "why": "7.0% of the picture is black because"})
    put_picture(writing.folder, 1, Black(0.07, 0.02))
    page, seen = opened(browser, running)
    words = page.locator("#black")
    sync_api.expect(words).to_be_visible()
    text = words.inner_text()
    assert "7 % of the picture is black: it looks like burned-in text." in text
    assert "2 % is black: the site's settings name it." in text
    assert page.locator("#log tr").first.inner_text().split("\t")[1] == "parts of the picture black"
    put_picture(writing.folder, 2, Black())
    sync_api.expect(words).to_be_hidden()
    assert seen.complaints == []
    page.context.close()


def test_an_alert_without_a_picture_says_why_there_is_none(browser, running, writing):
    writing.scene()
    writing.channel("video_lost", "alert", "the connection is lost: broke off", "Me", "Tec")
    none = {"not_kept": "at that moment there was no picture that could be judged: the connection is lost: broke off"}
    writing.decision("said", "video_lost", 6.0, "A0001", evidence=none)
    writing.decision("ended", "video_lost", 7.0, "A0001", presence="Off")
    writing.decision("stands again", "video_lost", 9.0, "A0001")
    page, seen = opened(browser, running)
    page.locator("[data-card=A0001] [data-act=more]").click()
    sync_api.expect(page.locator("#dialog-body")).to_contain_text("There is no picture of it: at that moment")
    assert page.locator("[data-card]").count() == 1
    assert page.locator("#log tr").first.inner_text().split("\t")[1] == "stands again"
    assert seen.complaints == []
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_several_alerts_and_a_fault_leave_everything_on_the_screen(browser, running, writing, size, language):
    """The hardest moment: a drawn case, three alerts, a damaged entry, a picture with black parts, channels with long reasons."""
    crowded(writing)
    page, seen = opened(browser, running, size, language)
    page.wait_for_selector("#faults:not([hidden])")
    sync_api.expect(page.locator("#simulated")).to_be_visible()
    assert page.locator("[data-card]").count() == 3
    named = ("#phase", "#frame", "#steps", "#timeline svg", "[data-card=A0001]", "[data-card=A0001] .acts", "#criteria", "#next")
    assert_on_screen(page, size, (*named, "#risks li:last-child", "#technical li:last-child"))
    assert seen.complaints == []
    page.context.close()


def crowded(writing) -> None:
    writing.scene()
    writing.bleeding(6.0)
    writing.channel("energy_without_view", "alert", "an energy device was at work when the view was lost", "Me", advice="Stop.")
    writing.decision("said", "energy_without_view", 7.0, "A0002", why="an energy device was at work when the view was lost")
    writing.channel("view", "alert", "the picture is blurred or obscured (an image measure)", "Lo", "Tec", advice="Clean the lens.")
    writing.decision("said", "view", 8.0, "A0003", why="the picture is blurred or obscured (an image measure)", priority="Lo")
    writing.channel("model_late", "alert", "decisions come more than 200 ms after their picture", "Lo", "Tec")
    writing.journal.append("channel", {"channel": "bleeding"})
    writing.tick(9.0, domain="simulated laparoscopic cholecystectomy")
    put_picture(writing.folder, 1, Black(0.07, 0.02))
