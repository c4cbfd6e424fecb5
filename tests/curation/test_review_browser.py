"""The review page in a real browser, by keyboard alone, up to the exported file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medgrpo.curation import read_review
from medgrpo.curation.review import ReviewItem, review_page
from medgrpo.video import encode_jpeg

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"),
]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[object]:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode_jpeg(np.full((48, 64, 3), 99, np.uint8)))
    items = [ReviewItem(f"item{place}", "CholecT50", (picture,), f"one {place}", f"two {place}") for place in range(3)]
    path = tmp_path / "review.html"
    path.write_text(review_page(items, seed=0), encoding="utf-8")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        opened = chromium.new_page()
        opened.goto(path.as_uri())
        yield opened
        chromium.close()


def test_rated_by_keyboard_kept_over_a_reload_and_exported(page, tmp_path: Path) -> None:
    first_is_a = [
        page.locator("article")
        .nth(place)
        .locator("section")
        .first.locator("input")
        .first.get_attribute("name")
        .startswith("rating_a")
        for place in range(3)
    ]
    page.fill("#rater", "Ada L")
    page.locator("#back").focus()
    for keys in (("5", "Shift+Digit2", "f"), ("1", "Shift+Digit4", "s"), ("3", "Shift+Digit3", "n")):
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("ArrowRight")
    assert page.locator("#done").inner_text() == "3 of 3 answered"
    page.reload()
    assert page.locator("#done").inner_text() == "3 of 3 answered"
    assert page.locator("article.shown").count() == 1
    with page.expect_download() as download:
        page.click("#export")
    path = tmp_path / "answers.json"
    download.value.save_as(path)
    review = read_review(path)
    assert (review.rater, download.value.suggested_filename) == ("Ada L", "review-Ada_L.json")
    assert [one.item for one in review.answers] == ["item0", "item1", "item2"]
    rated = [
        (one.rating_a, one.rating_b) if is_a else (one.rating_b, one.rating_a)
        for one, is_a in zip(review.answers, first_is_a, strict=True)
    ]
    assert rated == [(5, 2), (1, 4), (3, 3)]
    assert [one.choice for one in review.answers] == ["a" if first_is_a[0] else "b", "b" if first_is_a[1] else "a", "neither"]
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "medgrpo-review/1"
