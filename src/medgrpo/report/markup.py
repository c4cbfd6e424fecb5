"""Small pieces of the report: confidence, footnotes, times, pictures with their boxes."""

from __future__ import annotations

from collections.abc import Sequence

from medgrpo.core import clock
from medgrpo.knowledge import label
from medgrpo.page import bar, text
from medgrpo.reasoning import Evidence
from medgrpo.report.pictures import Pictures
from medgrpo.report.records import Report
from medgrpo.report.words import confidence_words

LABEL_HEIGHT = 18
_CHARACTER_WIDTH = 7.6


def meter(confidence: float) -> str:
    return f'<span class="sure">{bar(confidence)}{text(confidence_words(confidence))} <b>{confidence:.2f}</b></span>'


def thumb(id: str, spoken: str, inside: str) -> str:
    """A small picture that opens its item in the evidence panel."""
    return f'<a class="thumb" href="#{id}" data-item="{id}" aria-label="Show the evidence of: {text(spoken)}">{inside}</a>'


def footnotes(report: Report, keys: Sequence[str]) -> str:
    """Superscript links to the references, with a mark where the source was not checked."""
    links: list[str] = []
    for key in keys:
        number = report.footnote(key)
        unchecked = not report.citations[number - 1].checked
        mark, spoken = ("°", ", not checked in the primary source") if unchecked else ("", "")
        links.append(f'<a href="#c{number}" aria-label="reference {number}{spoken}">{number}{mark}</a>')
    return f'<sup class="notes">{" ".join(links)}</sup>' if links else ""


def moment(seconds: float) -> str:
    """A look's time, to a tenth of a second: `02:14.6`."""
    return f"{clock(seconds)}.{int(seconds * 10) % 10}"


def picture(evidence: Evidence, pictures: Pictures, caption: str, css_class: str) -> str:
    """The evidence frame with its tip boxes, or a plate that says why there is none."""
    found = pictures.by_seconds.get(evidence.key_seconds)
    if found is None:
        why = pictures.missing.get(evidence.key_seconds, "no picture")
        return f'<span class="picture missing {css_class}">No picture: {text(why)}</span>'
    tips = [tip for tip in evidence.tips if tip.box_xyxy.area > 0]
    named = f" Boxes: {', '.join(f'{label(tip.instrument)} {tip.probability:.2f}' for tip in tips)}." if tips else ""
    spoken = text(f"Frame at {moment(evidence.key_seconds)}: {caption}.{named}")
    boxes = "".join(
        _tip(tip.box_xyxy.xyxy, f"{label(tip.instrument)} {tip.probability:.2f}", found.width, found.height) for tip in tips
    )
    return (
        f'<svg class="picture {css_class}" viewBox="0 0 {found.width} {found.height}" role="img" aria-label="{spoken}">'
        f'<use href="#{found.id}"/>{boxes}</svg>'
    )


def _tip(xyxy: tuple[float, float, float, float], words: str, width: int, height: int) -> str:
    x0, y0, x1, y1 = xyxy[0] * width, xyxy[1] * height, xyxy[2] * width, xyxy[3] * height
    place = f'x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}" rx="3"'
    plate = len(words) * _CHARACTER_WIDTH + 10
    left = min(max(0.0, x0), max(0.0, width - plate))
    top = y0 - LABEL_HEIGHT - 2 if y0 >= LABEL_HEIGHT + 2 else min(y1 + 2, height - LABEL_HEIGHT)
    return (
        f'<g class="tip"><rect class="halo" {place}/><rect class="box" {place}/><g class="tip-label">'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{plate:.1f}" height="{LABEL_HEIGHT}" rx="3"/>'
        f'<text x="{left + 5:.1f}" y="{top + 13:.1f}">{text(words)}</text></g></g>'
    )
