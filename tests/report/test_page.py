"""The page without a browser: whole, escaped, small, and without a way to the network."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from medgrpo.core import VideoError
from medgrpo.knowledge import Procedure
from medgrpo.reasoning import Coverage, Finding, RiskLevel, Timeline
from medgrpo.report import DRAFT_NOTICE, CaseInfo, Report, draft_report, render_html, wanted_pictures
from medgrpo.report.pictures import gather
from medgrpo.video import Image

HOSTILE = '"><script>alert(1)</script>.mp4'
VOID = {"meta", "br", "img", "input", "link", "hr"}


class Outline(HTMLParser):
    """Collects ids, links, attributes and text, and checks that every element is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if tag == "a" and name == "href":
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)


@pytest.fixture(scope="module")
def page(report: Report, draw_frame: Callable[[float], Image]) -> str:
    return render_html(report, draw_frame)


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def test_every_statement_reason_and_source_is_on_the_page(outline: Outline, report: Report) -> None:
    words = " ".join(" ".join(outline.words).split())
    assert DRAFT_NOTICE in words
    for finding in report.timeline.findings:
        assert finding.text in words
        assert finding.id in words
    for state in report.timeline.risks:
        assert state.why[1:] in words
    for field in report.fields:
        assert field.name in words
        assert field.note in words
    for citation in report.citations:
        assert citation.title in words
    assert words.count("° not checked in the primary source") == sum(not citation.checked for citation in report.citations)


def test_ids_are_unique_and_links_lead_somewhere(outline: Outline) -> None:
    assert len(outline.ids) == len(set(outline.ids))
    inside = [link[1:] for link in outline.links if link.startswith("#")]
    assert set(inside) <= set(outline.ids)
    assert all(link.startswith("https://") for link in outline.links if not link.startswith("#"))
    targets = [value for _, name, value in outline.attributes if name == "data-target"]
    assert targets
    assert set(targets) <= set(outline.ids)
    used = [value[1:] for tag, name, value in outline.attributes if tag == "use" and name == "href"]
    assert set(used) <= set(outline.ids)


def test_nothing_is_loaded_and_only_the_own_script_may_run(page: str, outline: Outline) -> None:
    loading = [
        (tag, name, value) for tag, name, value in outline.attributes if name in ("src", "srcset", "action") or tag == "link"
    ]
    assert loading == []
    images = [value for tag, name, value in outline.attributes if tag == "image" and name == "href"]
    assert images
    assert all(value.startswith("data:image/jpeg;base64,/9j/") for value in images)
    assert not re.search(r"url\((?!#)|@import|fetch\(|XMLHttpRequest|innerHTML", page)
    assert not [name for _, name, _ in outline.attributes if name == "style" or name.startswith("on")]
    policy = next(value for _, name, value in outline.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; img-src data:;")
    for kind in ("style", "script"):
        code = re.search(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        assert code is not None
        digest = base64.b64encode(hashlib.sha256(code[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert page.count("<script") == 1


def test_the_file_stays_small_and_each_look_is_kept_once(page: str, report: Report) -> None:
    assert len(page.encode()) < 4_000_000
    pictures = re.findall(r"data:image/jpeg;base64,[^\"]+", page)
    records = (*report.timeline.phases, *report.timeline.actions, *report.timeline.events, *report.timeline.findings)
    looks = {record.evidence.key_seconds for record in (*records, *report.timeline.forecasts)}
    looks |= {state.evidence.key_seconds for state in report.timeline.risks if state.evidence is not None}
    assert len(pictures) == len(looks)


def test_not_assessed_is_hatched_and_never_green(page: str) -> None:
    unknown = re.findall(r'<a class="item unknown"[^>]*>', page)
    assert len(unknown) == 3 + 4  # phase stretches and risk states
    assert ".item.unknown rect { fill: url(#hatch); }" in page
    assert "the view is obscured" in page


def test_hostile_text_is_shown_and_never_run(
    timeline: Timeline, procedure: Procedure, make_case: Callable[..., CaseInfo], draw_frame: Callable[[float], Image]
) -> None:
    finding = replace(timeline.findings[0], text="<img src=x onerror=alert(1)> $script ${style}", id="F<b>")
    few = replace(timeline, findings=(finding,), actions=(), domain="<i>unknown</i>")
    page = render_html(draft_report(few, procedure, make_case(HOSTILE)), draw_frame, picture_bytes=0)
    outline = Outline(page)
    assert page.count("<script") == 1
    assert not [tag for tag, _, _ in outline.attributes if tag == "img"]
    words = "".join(outline.words)
    assert HOSTILE in words
    assert "<img src=x onerror=alert(1)> $script ${style}" in words


def test_pictures_that_do_not_fit_or_cannot_be_read_are_counted(report: Report, draw_frame: Callable[[float], Image]) -> None:
    def broken(seconds: float) -> Image:
        if seconds == 311.5:
            raise VideoError("operation_17.mp4", "broken frame", seconds)
        return draw_frame(seconds)

    page = render_html(report, broken, picture_bytes=100_000)
    assert "the picture could not be read: broken frame" in page
    assert "left out to keep the file small" in page
    kept = page.count("data:image/jpeg;base64,")
    assert 1 <= kept < 40
    assert re.search(rf"{kept} looks; 1 the picture could not be read: broken frame; \d+ left out to keep the file small", page)
    assert sum(map(len, re.findall(r"data:image/jpeg;base64,[^\"]+", page))) <= 100_000


def test_pictures_are_shrunk_in_their_proportions() -> None:
    wide = gather([1.0], lambda _: np.zeros((1080, 1920, 3), np.uint8)).by_seconds[1.0]
    tall = gather([1.0], lambda _: np.zeros((640, 360, 3), np.uint8)).by_seconds[1.0]
    assert (wide.width, wide.height, tall.width, tall.height) == (480, 270, 360, 640)


def test_simulated_stands_in_banner_and_heading(
    make_timeline: Callable[..., Timeline],
    procedure: Procedure,
    make_case: Callable[..., CaseInfo],
    draw_frame: Callable[[float], Image],
    page: str,
) -> None:
    simulated = draft_report(make_timeline("simulated laparoscopic cholecystectomy"), procedure, make_case())
    words = "".join(Outline(render_html(simulated, draw_frame, picture_bytes=0)).words)
    assert "SIMULATED CASE" in words
    assert "It shows no patient" in words
    assert "SIMULATED CASE" not in page


def test_an_empty_operation_still_makes_a_page(
    procedure: Procedure, make_case: Callable[..., CaseInfo], draw_frame: Callable[[float], Image]
) -> None:
    nothing = Timeline(0.0, (), (), (), (), (), (), Coverage(0.0, {"not a cholecystectomy": 0.0}), "unknown", ())
    page = render_html(draft_report(nothing, procedure, make_case()), draw_frame)
    assert "No phase of the operation was named: nothing could be assessed." in page
    assert "not a cholecystectomy" in page
    assert "<h1>Procedure not recognised</h1>" in page
    Outline(page)


def test_the_same_report_gives_the_same_page(report: Report, draw_frame: Callable[[float], Image], page: str) -> None:
    assert render_html(report, draw_frame) == page


def test_the_wanted_pictures_are_the_ones_asked_for_in_that_order(report: Report, draw_frame: Callable[[float], Image]) -> None:
    asked: list[float] = []

    def frames(seconds: float) -> Image:
        asked.append(seconds)
        return draw_frame(seconds)

    render_html(report, frames)
    assert tuple(asked) == wanted_pictures(report)


def test_a_long_operation_folds_its_repetitions(
    timeline: Timeline, procedure: Procedure, make_case: Callable[..., CaseInfo], draw_frame: Callable[[float], Image]
) -> None:
    blind = next(state for state in timeline.risks if state.channel == "dangerous_zone")
    states = tuple(replace(blind, span=type(blind.span)(n, n + 1)) for n in range(0, 60, 2))
    page = render_html(draft_report(replace(timeline, risks=states), procedure, make_case()), draw_frame, picture_bytes=0)
    assert "30 s in 30 stretches" in page


def test_findings_keep_their_basis(page: str, timeline: Timeline) -> None:
    inferred: list[Finding] = [finding for finding in timeline.findings if finding.basis == "inferred"]
    for finding in inferred:
        assert f"by rule {finding.rule}" in page


def test_a_length_is_no_moment(page: str) -> None:
    assert "<dt>Length</dt><dd>10 min</dd>" in page
    assert 'aria-label="Timeline, 10 min long"' in page


def test_the_legend_shows_only_what_occurs(
    timeline: Timeline, procedure: Procedure, make_case: Callable[..., CaseInfo], draw_frame: Callable[[float], Image], page: str
) -> None:
    assert "</span> CLEAR</li>" in page
    few = replace(timeline, risks=tuple(state for state in timeline.risks if state.level is not RiskLevel.CLEAR))
    less = render_html(draft_report(few, procedure, make_case()), draw_frame, picture_bytes=0)
    assert "</span> CLEAR</li>" not in less
    assert "</span> ALERT</li>" in less
    assert "</span> NOT ASSESSED</li>" in less
