"""The parts of the document that are looked up: synoptic fields, gaps, forecasts, how it was made, references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgrpo.core import clock, length
from medgrpo.knowledge import label
from medgrpo.page import bar, chip, table, text
from medgrpo.reasoning import ComingRisk, ComingTime, Forecast, Option
from medgrpo.report.items import Item
from medgrpo.report.markup import footnotes, moment
from medgrpo.report.pictures import Pictures
from medgrpo.report.records import Field, Report
from medgrpo.report.synoptic import GROUPS, NOT_LOOKED_FOR, NOT_VISIBLE
from medgrpo.report.thoughts import NO_PASSAGE
from medgrpo.report.words import action_words, between, capital, counted, share

_MOST_SPANS, _MOST_LOOKS = 8, 3


def synoptic(report: Report, items: Sequence[Item]) -> str:
    """What is known as a table; what is not known as short lists by reason, so that the page is no desert of empty rows."""
    numbers = {finding.id: number for number, finding in enumerate(report.timeline.findings, 1)}
    looks = {item.evidence.key_seconds: item for item in reversed(items) if item.evidence is not None}
    bodies: list[str] = []
    for group in GROUPS:
        rows = [field for field in report.fields if field.group == group and field.value is not None]
        cells = "".join(
            f'<tr>{_group_cell(group, len(rows)) if index == 0 else ""}<th scope="row">{text(field.name)}</th>'
            f"<td>{text(field.value or '')}{_note(field)}</td><td>{chip(field.provenance.value, field.provenance.value)}</td>"
            f"<td>{_evidence(field, numbers, looks)}</td></tr>"
            for index, field in enumerate(rows)
        )
        bodies.append(f"<tbody>{cells}</tbody>" if cells else "")
    known = table("synoptic", ("Group", "Item", "Value", "From", "Evidence"), "".join(bodies), "Items with a value")
    return known + _not_observed([field for field in report.fields if field.value is None])


def _group_cell(group: str, rows: int) -> str:
    return f'<th scope="rowgroup" rowspan="{rows}" class="group">{text(group)}</th>'


def _note(field: Field) -> str:
    return f'<span class="note">{text(field.note)}</span>' if field.note else ""


def _evidence(field: Field, numbers: Mapping[str, int], looks: Mapping[float, Item]) -> str:
    """Links to the statements that say the same, else to the looks themselves."""
    links = [f'<a href="#s{numbers[id]}" data-item="s{numbers[id]}">{text(id)}</a>' for id in field.statements]
    if links:
        return " ".join(links)
    for seconds in field.seconds[:_MOST_LOOKS]:
        item = looks.get(seconds)
        shown = moment(seconds)
        links.append(shown if item is None else f'<a href="#{item.target}" data-item="{item.id}">{shown}</a>')
    more = f" and {len(field.seconds) - _MOST_LOOKS} more" if len(field.seconds) > _MOST_LOOKS else ""
    return f"{', '.join(links)}{more}"


def _not_observed(fields: Sequence[Field]) -> str:
    by_note: dict[str, list[Field]] = {}
    for field in fields:
        by_note.setdefault(field.note, []).append(field)
    own = [(its, note) for note, its in by_note.items() if note not in (NOT_VISIBLE, NOT_LOOKED_FOR)]
    special = "".join(
        f'<li>{_named(its)} {chip("not observed", "not observed")} <span class="note">{text(note)}</span></li>' for its, note in own
    )
    mark = chip("not observed", "not observed")
    lists = "".join(
        f'<details open><summary>{mark} {why} <span class="quiet">({counted(len(by_note[why]), "item")})</span></summary>'
        f"{_grouped(by_note[why])}</details>"
        for why in (NOT_VISIBLE, NOT_LOOKED_FOR)
        if why in by_note
    )
    return f'<h3>Not observed</h3><ul class="unobserved">{special}</ul>{lists}'


def _named(fields: Sequence[Field]) -> str:
    group, names = fields[0].group, ", ".join(field.name for field in fields)
    return f"<b>{text(group)}</b>" if names == group else f"<b>{text(group)}:</b> {text(names)}"


def _grouped(fields: Sequence[Field]) -> str:
    groups: dict[str, list[str]] = {}
    for field in fields:
        groups.setdefault(field.group, []).append(field.name)
    entries = "".join(f"<div><dt>{text(group)}</dt><dd>{text(', '.join(names))}</dd></div>" for group, names in groups.items())
    return f'<dl class="compact">{entries}</dl>'


def gaps(report: Report) -> str:
    """What could not be assessed, and why: of the video, of the phases, of each risk channel."""
    rows: list[str] = []
    for gap in report.gaps:
        spans = ", ".join(f'<span class="nowrap">{between(start, end)}</span>' for start, end in gap.spans[:_MOST_SPANS])
        more = f" and {len(gap.spans) - _MOST_SPANS} more" if len(gap.spans) > _MOST_SPANS else ""
        how_long = (
            "" if gap.seconds is None else f"{length(gap.seconds)} ({share(gap.seconds, report.timeline.duration_seconds):.0%})"
        )
        cells = f'<td>{text(gap.why)}</td><td class="nowrap">{how_long}</td><td>{spans}{more}</td>'
        rows.append(f'<tr><th scope="row">{text(capital(gap.what))}</th>{cells}</tr>')
    return table("gaps", ("What", "Why", "How long", "When"), f"<tbody>{''.join(rows)}</tbody>")


def forecasts(report: Report, items: Sequence[Item]) -> str:
    """What was expected next, as it was expected then; never corrected afterwards."""
    if not report.timeline.forecasts:
        return '<p class="quiet">Nothing was forecast.</p>'
    rows: list[str] = []
    bases = _bases(report)
    for forecast, item in zip(report.timeline.forecasts, (item for item in items if item.kind == "forecast"), strict=True):
        shown = f'<a href="#{item.id}" data-item="{item.id}">{clock(forecast.seconds)}</a>'
        options = "".join(_option(report, option, bool(forecast.times)) for option in forecast.options[:3])
        risk_citations = [key for risk in forecast.risks for key in risk.citations]
        options += "".join(f'<li class="quiet">{text(line)}</li>' for line in _ahead(report, forecast))
        rows.append(
            f'<tr id="{item.id}" tabindex="-1"><th scope="row">{shown}</th><td><ul class="options">{options}</ul></td>'
            f"<td>{_basis_mark(bases, forecast)}{footnotes(report, tuple(dict.fromkeys((*forecast.citations, *risk_citations))))}"
            "</td></tr>"
        )
    many = len(bases) > 1
    told = "".join(f"<p><b>Basis{f' {number}' if many else ''}.</b> {text(words)}</p>" for words, number in bases.items())
    shown = table("forecasts", ("At", "Expected next", "Sources"), f"<tbody>{''.join(rows)}</tbody>")
    return f'<div class="quiet">{told}</div>{shown}'


def _bases(report: Report) -> dict[str, int]:
    """What the forecasts rest on, each wording once, numbered from 1 in order of first use."""
    said = dict.fromkeys(_basis(forecast) for forecast in report.timeline.forecasts)
    return {words: number for number, words in enumerate(filter(None, said), 1)}


def _basis(forecast: Forecast) -> str:
    return capital("; ".join(filter(None, (forecast.basis, forecast.times_basis))))


def _basis_mark(bases: Mapping[str, int], forecast: Forecast) -> str:
    words = _basis(forecast)
    return f"Basis {bases[words]} " if words and len(bases) > 1 else ""


def _ahead(report: Report, forecast: Forecast) -> list[str]:
    """Lines of words: the next action, when phases, events and instruments come, the time left, the hazards ahead."""
    lines: list[str] = []
    if forecast.actions:
        told = "; ".join(f"{action_words(one.id)} {one.probability:.0%}" for one in forecast.actions[:3])
        lines.append(f"Next action: {told}")
    for kind, name in (("phase", "Phases"), ("event", "Key events"), ("instrument", "Instruments")):
        known = [one for one in forecast.times if one.kind == kind and one.middle_seconds is not None]
        soonest = sorted(known, key=lambda one: one.middle_seconds or 0.0)[:3]
        if soonest:
            lines.append(f"{name}: {'; '.join(_timed(report.names.get(one.id, label(one.id)), one) for one in soonest)}")
    if forecast.remaining is not None and _points(forecast.remaining):
        lines.append(_timed("End of the operation", forecast.remaining))
    if forecast.risks:
        told = "; ".join(_hazard(report, one, forecast.horizon_seconds) for one in forecast.risks[:4])
        lines.append(f"Belongs to what lies ahead: {told}")
    return lines


def _hazard(report: Report, risk: ComingRisk, horizon_seconds: float) -> str:
    """A hazard and how probably a phase comes that it belongs to; never a time, which would read as one foretold for an injury."""
    within = "the hour" if horizon_seconds == 3600 else length(horizon_seconds)
    return f"{report.names.get(risk.hazard, label(risk.hazard))} (its phase comes within {within}: {risk.probability:.2f})"


def _timed(name: str, coming: ComingTime) -> str:
    return f"{name} {_points(coming)}".rstrip()


def _points(coming: ComingTime) -> str:
    """`in about 2 min (30 s to 9 min)`: the middle and the interval of 80 %; an open end is said, an unknown time is not."""
    low = coming.low_seconds or 0.0
    if coming.middle_seconds is None:
        return f"not before {length(low)}" if round(low) else ""
    high = "longer than can be said" if coming.high_seconds is None else length(coming.high_seconds)
    if not round(coming.middle_seconds):
        return "now" if coming.high_seconds is None or not round(coming.high_seconds) else f"now or within {high}"
    return f"in about {length(coming.middle_seconds)} ({length(low)} to {high})"


def _option(report: Report, option: Option, timed: bool) -> str:
    """`timed`: the forecast tells times of its own, so that the option's, from another reckoning, would contradict them."""
    name = text(capital(report.names.get(option.id, option.id)))
    soon = "" if timed else f'<span class="quiet">{_soon(option.in_seconds)}</span>'
    return f"<li>{bar(option.probability)} <b>{option.probability:.0%}</b> {name} {soon}</li>"


def _soon(in_seconds: float | None) -> str:
    return "" if in_seconds is None else f"in about {length(in_seconds)}"


def how_made(report: Report, pictures: Pictures) -> str:
    """Models, versions, hash, and the limits of the whole."""
    case = report.case
    missing: dict[str, int] = {}
    for why in pictures.missing.values():
        missing[why] = missing.get(why, 0) + 1
    kept = counted(len(pictures.by_seconds), "look") + "".join(f"; {count} {why}" for why, count in missing.items())
    facts = (
        ("Software", f"medgrpo {case.medgrpo_version}"),
        ("Models", "; ".join(report.timeline.models) or "none"),
        ("Knowledge", f"{report.procedure_name} ({report.procedure_id})"),
        ("Video file", case.file_name),
        ("Video SHA-256", case.sha256),
        ("Kind of video", report.timeline.domain),
        ("Looks per second", f"{case.looks_per_second:g}"),
        ("Analysed", case.analysed_at.isoformat(timespec="seconds")),
        ("Pictures in this file", kept),
        (
            "Status",
            f"{report.status}; only a named person can attest an operative report: in the console, never in this file",
        ),
    )
    return (
        '<dl class="made">' + "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts) + "</dl>"
    )


def references(report: Report) -> str:
    """The sources; one that nobody has checked in the primary text says so."""
    if not report.citations:
        return '<p class="quiet">Nothing was cited.</p>'
    none = "" if report.knowledge_base or not report.timeline.thoughts else f'<p class="quiet">{NO_PASSAGE}</p>'
    entries: list[str] = []
    for number, citation in enumerate(report.citations, 1):
        mark = (
            chip("checked", "checked in the source")
            if citation.checked
            else chip("unchecked", "° not checked in the primary source")
        )
        link = ""
        if citation.link is not None and citation.link.startswith(("https://", "http://")):
            link = f' <a href="{text(citation.link)}" rel="noreferrer noopener">{text(citation.link)}</a>'
        note = f'<span class="note">{text(citation.note)}</span>' if citation.note else ""
        source = f"{text(citation.title)}. {text(citation.source)}, {citation.year}."
        entries.append(f'<li id="c{number}" tabindex="-1">{source}{link} {mark}{note}</li>')
    return f'{none}<ol class="references">{"".join(entries)}</ol>'
