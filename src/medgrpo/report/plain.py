"""The draft as plain text: what a person edits and signs. It says no more than the page, and marks what nobody has looked at."""

from __future__ import annotations

from collections.abc import Iterator

from medgrpo.core import clock, length
from medgrpo.reasoning import RiskLevel
from medgrpo.report.records import Report
from medgrpo.report.words import between, capital, joined, lasting, share, subject, unassessed_words


def report_text(report: Report) -> str:
    """Headings in capitals, a line a statement with its time; synoptic items that were not observed stand in one line, by reason.

    Holds no notice of its state (draft, signed): whoever shows it says that, because the text outlives it.
    """
    parts = (_head(report), _synoptic(report), _narrative(report), _risks(report), _gaps(report), _sources(report))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(report: Report) -> Iterator[str]:
    case, coverage = report.case, report.timeline.coverage
    yield "OPERATIVE REPORT"
    yield f"Procedure: {report.procedure_name if report.recognised else 'not recognised'}"
    yield f"Video: {case.file_name}, {length(case.duration_seconds)}" + (
        " (simulated: it shows no patient)" if report.simulated else ""
    )
    assessed = share(coverage.assessed_seconds, report.timeline.duration_seconds)
    yield f"Assessed: {length(coverage.assessed_seconds)} of it ({assessed:.0%}), by medgrpo {case.medgrpo_version}"
    yield ""
    yield "SUMMARY"
    yield from report.summary
    yield from report.concerns


def _synoptic(report: Report) -> Iterator[str]:
    yield "SYNOPTIC ITEMS"
    absent: dict[str, list[str]] = {}
    for field in report.fields:
        if field.group == "media":
            continue  # a text holds no pictures: report.html and evidence/ do
        if field.value is None:
            absent.setdefault(field.note, []).append(field.name)
        else:
            at = f", {joined([clock(one) for one in field.seconds[:3]])}" if field.seconds else ""
            yield f"- {capital(field.name)}: {field.value} ({field.provenance.value}{at})"
    for note, names in absent.items():
        yield f"- Not observed ({note}): {', '.join(names)}"


def _narrative(report: Report) -> Iterator[str]:
    yield "COURSE"
    for section in report.sections:
        yield ""
        yield f"{section.title}, {between(section.start_seconds, section.end_seconds)}"
        if section.reason:
            yield f"Not assessed: {section.reason}"
        for finding in section.statements:
            yield f"- [{clock(finding.span.start_seconds)}] {finding.text}"


def _risks(report: Report) -> Iterator[str]:
    yield "RISKS"
    for channel in report.channels:
        alerts = [state for state in channel.states if state.level is RiskLevel.ALERT]
        for state in alerts:
            when = between(state.span.start_seconds, state.span.end_seconds)
            yield f"- {channel.name}: ALERT ({state.priority}) {when}: {state.why}"
        if all(state.level is RiskLevel.NOT_ASSESSED for state in channel.states):
            yield f"- {subject(channel.name)}: NOT ASSESSED for {unassessed_words(channel.states)}"


def _gaps(report: Report) -> Iterator[str]:
    yield "NOT ASSESSED"
    for gap in report.gaps:
        lasted = "" if gap.seconds is None else f", {lasting(gap.seconds)}"
        yield f"- {gap.what}{lasted}: {gap.why}"


def _sources(report: Report) -> Iterator[str]:
    yield "SOURCES"
    for number, citation in enumerate(report.citations, 1):
        unchecked = "" if citation.checked else " (not checked in the primary source)"
        yield f"{number}. {citation.title}. {citation.source}, {citation.year}{unchecked}"
