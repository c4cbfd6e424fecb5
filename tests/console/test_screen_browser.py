"""The most that can stand on a live page at once: what is watched over stays on the screen, whatever else is long there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.conftest import CLIPPING, Writing
from tests.console.test_browser import (  # noqa: F401 - fixtures, and the mark
    SIZES,
    assert_on_screen,
    browser,
    opened,
    put_picture,
    pytestmark,
    running,
    until,
)

CRITICAL = ("triangle_cleared", "cystic_plate_exposed", "two_structures_only")
OTHERS = ("duct_clipped", "artery_clipped", "duct_divided", "artery_divided")
LATE = "Object.defineProperty(window.medgrpo, 'tick_ms', { get: () => window.medgrpo.clocks_ms + 10400, set: () => {} })"


def much(writing: Writing, *alerts: str) -> None:
    """Seven sub-goals, two phases and an action to come, these alerts."""
    writing.scene()
    for goal in (*CRITICAL, *OTHERS):
        body = {"goal": goal, "phase": CLIPPING, "level": "not begun", "why": "nothing towards it was seen", "since_seconds": 2.0}
        writing.journal.append("goal", body | {"citations": ["sages-critical-view"]})
    later = [
        ("phase", "gallbladder-dissection", 0.7),
        ("phase", "gallbladder-packaging", 0.2),
        ("action", "clipper,clip,cystic_duct", 0.6),
    ]
    options = [{"kind": kind, "id": id, "name": id, "probability": share, "in_seconds": 300.0} for kind, id, share in later]
    body = {"type": "forecast", "seconds": 6.0, "options": options, "actions": [], "times": [], "remaining": None}
    writing.journal.append("settled", body)
    writing.tick(6.0, CLIPPING)
    if "high" in alerts:
        writing.bleeding(6.0)
    if "low" in alerts:
        writing.decision("said", "view", 6.5, "A0002", priority="Lo", why="the picture is blurred")
    put_picture(writing.folder, 1)


def inside(page: Any, part: str, around: str) -> bool:
    box, room = page.locator(part).bounding_box(), page.locator(around).bounding_box()
    return box["y"] >= room["y"] and box["y"] + box["height"] <= room["y"] + room["height"] + 1


@pytest.mark.parametrize("alerts", [("low",), ("high", "low")])
@pytest.mark.parametrize(("size", "language"), [("laptop", "en"), ("laptop", "de"), ("wall", "de"), ("tablet", "de")])
def test_the_last_risk_is_on_the_screen(browser, running, writing, size, language, alerts):  # noqa: F811
    much(writing, *alerts)
    page, seen = opened(browser, running, size, language)
    page.wait_for_selector("#picture:not([hidden])", state="attached")
    page.wait_for_selector("[data-card=A0002]")
    page.evaluate(LATE)
    page.wait_for_selector("#standing[data-standing=late]")
    assert page.locator("#criteria li").count() == 7
    parts = ("#standing", "#clock", "#frame", "#timeline", "#criteria", "#next-title", "#risks li:last-child", "#technical li")
    assert_on_screen(page, size, parts)
    first = "A0001" if "high" in alerts else "A0002"
    assert inside(page, f"[data-card={first}] [data-act=ack]", "#alerts"), "it is answered without scrolling"
    assert inside(page, ".side > .next", ".side"), "nothing lies over another"
    assert page.locator("#frame").bounding_box()["height"] > SIZES[size][1] / 3
    assert seen.complaints == []
    page.context.close()


def test_a_window_that_is_low_scrolls_and_a_narrow_one_is_one_column(browser, running, writing):  # noqa: F811
    much(writing, "high", "low")
    page, _ = opened(browser, running, "laptop")
    page.wait_for_selector("[data-card=A0002]")
    page.set_viewport_size({"width": 1366, "height": 500})
    until(page, "document.querySelector('.screen').offsetHeight > 500")
    assert inside(page, ".side", ".screen")
    page.set_viewport_size({"width": 700, "height": 900})
    risks, side = page.locator("#risks li").last.bounding_box(), page.locator(".side").bounding_box()
    assert risks["y"] >= side["y"] + side["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.context.close()
