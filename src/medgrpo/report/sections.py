"""The parts of the document that are read: statements, risk channels, key frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgrpo.core import length
from medgrpo.page import chip, text
from medgrpo.reasoning import Finding, RiskLevel, RiskState
from medgrpo.report.items import Item, how_sure
from medgrpo.report.markup import footnotes, meter, moment, picture, thumb
from medgrpo.report.pictures import Pictures
from medgrpo.report.records import KeyFrame, Report, RiskChannel, Section
from medgrpo.report.thoughts import homes, thoughts_of
from medgrpo.report.words import between, capital, counted, unassessed

PRIORITY_MARKS = {"high": "!!!", "medium": "!!", "low": "!", "information": "i"}
_MOST_STRETCHES = 4
_LEVELS = {
    RiskLevel.MONITORING: "monitoring",
    RiskLevel.ALERT: "alert",
    RiskLevel.CLEAR: "clear",
    RiskLevel.NOT_ASSESSED: "unknown",
}


def narrative(report: Report, pictures: Pictures) -> str:
    """The findings, phase by phase, each with its picture, time, confidence, basis and sources."""
    numbers = {finding.id: number for number, finding in enumerate(report.timeline.findings, 1)}
    beside = {id: thoughts_of(its, report, pictures) for id, its in homes(report).items()}
    return "".join(
        _section(report, section, number, numbers, beside, pictures) for number, section in enumerate(report.sections, 1)
    )


def _section(
    report: Report, section: Section, number: int, numbers: Mapping[str, int], beside: Mapping[str, str], pictures: Pictures
) -> str:
    sure = meter(section.confidence) if section.confidence is not None else ""
    span = between(section.start_seconds, section.end_seconds)
    lasted = length(section.end_seconds - section.start_seconds)
    mark = f"{chip('unknown', 'NOT ASSESSED')} " if section.evidence is not None else ""
    reason = f'<p class="reason">{mark}{text(capital(section.reason))}</p>' if section.reason else ""
    body = "".join(
        _statement(report, finding, numbers[finding.id], pictures, beside.get(finding.id, "")) for finding in section.statements
    )
    style = f"phase-section{'' if section.phase is not None else ' unknown'}{'' if body else ' slim'}"
    return (
        f'<section class="{style}" id="p{number}" tabindex="-1" aria-labelledby="p{number}-title"><header>'
        f'<h3 id="p{number}-title">{text(section.title)}</h3><p class="when">{span} <span>({lasted})</span> {sure}</p></header>'
        f"{reason}{body}</section>"
    )


def _statement(report: Report, finding: Finding, number: int, pictures: Pictures, beside: str) -> str:
    evidence, id = finding.evidence, f"s{number}"
    basis = (
        chip("seen", "seen") if finding.basis == "seen" else f"{chip('inferred', 'inferred')} by rule {text(finding.rule or '')}"
    )
    looks = counted(len(evidence.seconds), "look")
    return (
        f'<article class="statement" id="{id}" tabindex="-1" aria-label="Statement {text(finding.id)}">'
        f"{thumb(id, finding.text, picture(evidence, pictures, finding.text, 'small'))}"
        f'<div><p class="sentence">{text(finding.text)}{footnotes(report, finding.citations)}</p>'
        f'<ul class="facts"><li class="time">{between(finding.span.start_seconds, finding.span.end_seconds)}</li>'
        f"<li>evidence {moment(evidence.key_seconds)} ({looks})</li><li>{meter(evidence.confidence)}</li><li>{basis}</li>"
        f'<li class="id">{text(finding.id)}</li></ul>{beside}</div></article>'
    )


def risks(report: Report, items: Sequence[Item], pictures: Pictures) -> str:
    """Every channel with all its states; what alarmed comes first, what never could be assessed stays in sight."""
    ids = iter(item.id for item in items if item.kind == "risk")
    cards = [_channel(report, channel, [next(ids) for _ in channel.states], pictures) for channel in report.channels]
    return "".join(cards) or '<p class="quiet">No risk channel was run.</p>'


def _channel(report: Report, channel: RiskChannel, ids: Sequence[str], pictures: Pictures) -> str:
    rows: list[str] = []
    quiet: dict[tuple[RiskLevel, str], list[tuple[RiskState, str]]] = {}
    for state, id in zip(channel.states, ids, strict=True):
        if state.level in (RiskLevel.MONITORING, RiskLevel.NOT_ASSESSED):
            quiet.setdefault((state.level, state.why), []).append((state, id))
        else:
            rows.append(_state(report, channel, state, id, pictures))
    order = list(unassessed(channel.states))  # a reader takes the first reason for the main one
    for (level, why), its in sorted(
        quiet.items(), key=lambda item: order.index(item[0][1]) if item[0][0] is RiskLevel.NOT_ASSESSED else -1
    ):
        line = f"{chip(_LEVELS[level], level.value.upper())} {text(capital(why))}"
        rows.append(f'<div class="state-line">{line} {_stretches(its)}</div>')
    alerted = any(state.level is RiskLevel.ALERT for state in channel.states)
    advice = ""
    if channel.advice and alerted:
        advice = f'<p class="advice"><b>Guidance</b> {text(channel.advice)}{footnotes(report, channel.citations)}</p>'
    style = "channel alerted" if alerted else "channel"
    return f'<article class="{style}"><h3>{text(capital(channel.name))}</h3>{"".join(rows)}{advice}</article>'


def _stretches(its: Sequence[tuple[RiskState, str]]) -> str:
    """A few stretches in the line, many of them as their sum with a list to open."""
    spans = [
        f'<span class="stretch nowrap" id="{id}" tabindex="-1">{between(state.span.start_seconds, state.span.end_seconds)}</span>'
        for state, id in its
    ]
    if len(spans) <= _MOST_STRETCHES:
        return f'<span class="stretches">{", ".join(spans)}</span>'
    total = length(sum(state.span.duration_seconds for state, _ in its))
    return f'<details class="stretches"><summary>{total} in {len(spans)} stretches</summary>{", ".join(spans)}</details>'


def _state(report: Report, channel: RiskChannel, state: RiskState, id: str, pictures: Pictures) -> str:
    """An ALERT or CLEAR with its picture."""
    level, evidence = _LEVELS[state.level], state.evidence
    spoken = f"{state.level.value.upper()}, {channel.name}"
    seen = sure = priority = ""
    if evidence is not None:
        seen = thumb(id, spoken, picture(evidence, pictures, spoken, "small"))
        sure = f"<li>evidence {moment(evidence.key_seconds)}</li><li>{meter(evidence.confidence)}</li>"
    if state.level is RiskLevel.ALERT:
        priority = f'<span class="priority">{PRIORITY_MARKS[state.priority]} {state.priority} priority</span>'
    when = between(state.span.start_seconds, state.span.end_seconds)
    return (
        f'<div class="state {level}" id="{id}" tabindex="-1">{seen}'
        f"<div><p>{chip(level, state.level.value.upper())} <b>{when}</b> {priority}</p>"
        f'<p class="sentence">{text(capital(state.why))}{footnotes(report, state.citations)}</p>'
        f'<ul class="facts">{sure}</ul></div></div>'
    )


def key_frames(report: Report, pictures: Pictures) -> str:
    """The chosen pictures in order of time, with the boxes of the model's look."""
    figures = "".join(_key_frame(frame, report, pictures) for frame in report.key_frames)
    left_out = f'<p class="quiet">{report.key_frames_left_out} more were left out.</p>' if report.key_frames_left_out else ""
    return f'<div class="gallery">{figures}</div>{left_out}' if figures else '<p class="quiet">No look was worth a key frame.</p>'


def _key_frame(frame: KeyFrame, report: Report, pictures: Pictures) -> str:
    numbers = {finding.id: number for number, finding in enumerate(report.timeline.findings, 1)}
    links = ", ".join(f'<a href="#s{numbers[id]}" data-item="s{numbers[id]}">{text(id)}</a>' for id in frame.statements)
    said = f'<span class="said">statement {links}</span>' if links else ""
    why = "; ".join(frame.reasons)
    caption = f"<b>{moment(frame.seconds)}</b> {text(why)}, {how_sure(frame.evidence)} {said}"
    shown = picture(frame.evidence, pictures, why, "medium")
    return f'<figure class="{frame.kind}">{shown}<figcaption>{caption}</figcaption></figure>'


def viewer_templates(items: Sequence[Item], pictures: Pictures) -> str:
    """What the evidence panel shows for each item, ready to be cloned; inert until then."""
    parts: list[str] = []
    for item in items:
        about = f'data-for="{item.id}" data-target="{item.target}" data-start="{item.start_seconds:.3f}"'
        parts.append(f"<template {about}>{_panel(item, pictures)}</template>")
    return "".join(parts)


def _panel(item: Item, pictures: Pictures) -> str:
    if item.evidence is None:
        shown, at = '<span class="picture missing large">No picture: nothing was seen that could be shown</span>', ""
    else:
        shown = picture(item.evidence, pictures, item.title, "large")
        at = f"<dt>Frame</dt><dd>{moment(item.evidence.key_seconds)}</dd><dt>Model</dt><dd>{text(item.evidence.model)}</dd>"
    return (
        f'{shown}<p class="panel-title">{text(item.title)}</p><p class="panel-detail">{text(capital(item.detail))}</p>'
        f"<dl><dt>Time</dt><dd>{item.when}</dd>{at}</dl>"
    )
