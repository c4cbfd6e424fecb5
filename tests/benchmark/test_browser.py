"""The report of a run in a real browser: nothing is asked for, nothing complains, nothing is wider than the screen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medgrpo.benchmark import (
    ANSWERS_NAME,
    Manner,
    Pictures,
    RunSettings,
    ask_questions,
    finish,
    read_answers,
    read_rows,
    render_run,
)
from medgrpo.models import ScriptedModel

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed (apt-get install chromium)"),
]


def test_the_page_in_a_browser(data: Path, frames: Path, tmp_path: Path, settings_for: Callable[..., RunSettings]) -> None:
    rows, settings, folder = read_rows(data), settings_for(name="m" * 120), tmp_path / "run"
    manner = Manner(settings.max_new_tokens, {})
    model = ScriptedModel(lambda _: "<script>alert(1)</script>" + "w" * 3000)
    ask_questions(folder, rows, settings, model, lambda _: None, manner, 4, lambda _: None, lambda: False)
    finished = finish(folder, rows, settings, read_answers(folder / ANSWERS_NAME).by_asked, 0, None, None)
    file = tmp_path / "report.html"
    file.write_text(render_run(finished, Pictures({"/root/data": str(frames)})), encoding="utf-8")
    requests: list[str] = []
    complaints: list[str] = []
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        for width in (1280, 420):
            page = chromium.new_context(viewport={"width": width, "height": 900}).new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
            page.on("request", lambda sent: requests.append(sent.url) if not sent.url.startswith("data:") else None)
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
        chromium.close()
    assert complaints == []
    assert requests == [file.as_uri()] * 2
