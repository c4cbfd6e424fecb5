"""The whole document: one HTML file that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files

from medgrpo.core import length
from medgrpo.knowledge import label
from medgrpo.page import chip, document, look, text
from medgrpo.reasoning import RiskLevel
from medgrpo.report import sections, tables
from medgrpo.report.items import Item, items_of, picture_order
from medgrpo.report.lanes import EVENT_SYMBOLS, timeline
from medgrpo.report.pictures import BUDGET_BYTES, Pictures, gather
from medgrpo.report.records import DRAFT_NOTICE, Report
from medgrpo.report.words import share
from medgrpo.video import Image


def render_html(report: Report, frames: Callable[[float], Image], picture_bytes: int = BUDGET_BYTES) -> str:
    """One self-contained page: inline style and script (allowed by their hashes), pictures as data URIs, no request.

    `frames` gives the picture on screen at a second of the video; a VideoError it raises becomes a plate with the reason.
    `picture_bytes` bounds the pictures together; what did not fit is counted in the document. Works without a script.
    """
    items = items_of(report)
    pictures = gather(picture_order(items), frames, picture_bytes)
    simulated = "SIMULATED CASE" if report.simulated else ""
    return document(
        f"Draft operative report: {text(report.case.file_name)}",
        _template("report.html"),
        look() + _template("report.css"),
        _template("report.js"),
        notice=DRAFT_NOTICE,
        simulated_banner=f' <span class="simulated-mark">{simulated}</span>' if simulated else "",
        simulated_note=_SIMULATED_NOTE if report.simulated else "",
        procedure=text(report.procedure_name) if report.recognised else "Procedure not recognised",
        unrecognised_note="" if report.recognised else _unrecognised_note(report),
        summary=text(" ".join(report.summary)),
        concerns="".join(f"<p>{text(sentence)}</p>" for sentence in report.concerns),
        facts=_facts(report),
        counts=_counts(report),
        concern=" alerted" if _alerts(report) else "",
        timeline=timeline(items, max(report.timeline.duration_seconds, _LEAST_SECONDS), _phase_numbers(report)),
        legend=_legend(report),
        risks=sections.risks(report, items, pictures),
        narrative=sections.narrative(report, pictures),
        key_frames=sections.key_frames(report, pictures),
        synoptic=tables.synoptic(report, items),
        gaps=tables.gaps(report),
        forecasts=tables.forecasts(report, items),
        made=tables.how_made(report, pictures),
        references=tables.references(report),
        templates=sections.viewer_templates(items, pictures),
        pictures=_store(pictures),
        first=_first(items),
    )


_LEAST_SECONDS = 0.001  # a single picture has no length, a timeline needs one
_SIMULATED_NOTE = (
    '<p class="simulated-note"><b>Simulated.</b> This video was rendered by software. It shows no patient, '
    "and nothing here is evidence of accuracy on real surgery.</p>"
)


def _unrecognised_note(report: Report) -> str:
    name = text(report.procedure_name[:1].lower() + report.procedure_name[1:])
    return (
        f'<p class="unrecognised-note">{chip("unknown", "NOT ASSESSED")} This video was not recognised as {name}, '
        "the only procedure that this report knows.</p>"
    )


def _template(name: str) -> str:
    return files("medgrpo.report").joinpath("templates", name).read_text(encoding="utf-8")


def _store(pictures: Pictures) -> str:
    images = "".join(
        f'<image id="{picture.id}" width="{picture.width}" height="{picture.height}" href="{picture.uri}"/>'
        for picture in pictures.by_seconds.values()
    )
    return f'<svg class="store" width="0" height="0" aria-hidden="true"><defs>{images}</defs></svg>'


def _facts(report: Report) -> str:
    case, coverage = report.case, report.timeline.coverage
    facts = (
        ("Video", text(case.file_name)),
        ("Length", length(case.duration_seconds)),
        (
            "Assessed",
            f"{length(coverage.assessed_seconds)}, {share(coverage.assessed_seconds, report.timeline.duration_seconds):.0%}",
        ),
        ("Analysed", case.analysed_at.strftime("%d %B %Y, %H:%M %Z").strip()),
        ("SHA-256", f'<abbr title="{text(case.sha256)}">{text(case.sha256[:12])}…</abbr>'),
        ("Status", report.status),
    )
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _counts(report: Report) -> str:
    alerts = _alerts(report)
    blind = sum(all(state.level is RiskLevel.NOT_ASSESSED for state in channel.states) for channel in report.channels)
    statements, events = len(report.timeline.findings), len(report.timeline.events)
    tiles = (
        ("risks", "alert" if alerts else "", alerts, "alert", "alerts"),
        ("risks", "unknown" if blind else "", blind, "risk channel never assessed", "risk channels never assessed"),
        ("narrative", "", statements, "statement with evidence", "statements with evidence"),
        ("narrative", "", len(report.timeline.thoughts), "chain of thought", "chains of thought"),
        ("timeline", "", events, "event", "events"),
    )
    return "".join(
        f'<li class="{style}"><a href="#{place}"><b>{count}</b> {one if count == 1 else many}</a></li>'
        for place, style, count, one, many in tiles
    )


def _alerts(report: Report) -> int:
    return sum(state.level is RiskLevel.ALERT for channel in report.channels for state in channel.states)


def _phase_numbers(report: Report) -> dict[str, int]:
    """Title of each phase -> its number in the procedure, for bars too short for the name."""
    order = list(report.names)
    shown = dict.fromkeys(segment.phase for segment in report.timeline.phases if segment.phase is not None)
    return {report.names.get(phase, label(phase)): order.index(phase) + 1 if phase in order else 0 for phase in shown}


_SWATCHES = {
    RiskLevel.ALERT: '<span class="swatch alert">!</span>',
    RiskLevel.CLEAR: '<span class="swatch clear">✓</span>',
    RiskLevel.MONITORING: '<span class="swatch monitoring"></span>',
    RiskLevel.NOT_ASSESSED: '<span class="swatch unknown"></span>',
}


def _legend(report: Report) -> str:
    numbers = _phase_numbers(report)
    phases = "".join(
        f'<li><span class="swatch phase{number - 1}">{number}</span> {text(name)}</li>'
        for name, number in sorted(numbers.items(), key=lambda entry: entry[1])
    )
    kinds = dict.fromkeys(event.kind for event in report.timeline.events)
    events = "".join(
        f'<li><span class="swatch event">{EVENT_SYMBOLS[kind.name.lower()]}</span> {text(kind.value)}</li>' for kind in kinds
    )
    levels = {state.level for channel in report.channels for state in channel.states}
    if any(segment.phase is None for segment in report.timeline.phases):
        levels.add(RiskLevel.NOT_ASSESSED)
    states = "".join(f"<li>{swatch} {level.value.upper()}</li>" for level, swatch in _SWATCHES.items() if level in levels)
    return "".join(f'<ul class="legend">{entries}</ul>' for entries in (phases, events, states) if entries)


def _first(items: Sequence[Item]) -> str:
    """The item that the evidence panel opens with: the first alert, else the first statement, else the first of all."""
    for kind, style in (("risk", "alert"), ("statement", "statement")):
        for item in items:
            if item.kind == kind and item.style == style:
                return item.id
    return items[0].id if items else ""
