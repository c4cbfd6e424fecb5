"""What `analyze` and `demo` print once they are done."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from medgrpo.analysis import DISCLAIMER, WORDS_FILE, WORDS_NOTICE, AnalysisResult, Outcome, Words
from medgrpo.cli.tables import table_console
from medgrpo.core import Span, clock, length
from medgrpo.knowledge import label, load_procedure
from medgrpo.reasoning import RiskLevel, RiskState, Timeline
from medgrpo.report import lasting, subject, unassessed, unassessed_words

_MOST_ROWS = 12


def print_outcomes(outcomes: Sequence[Outcome], as_json: bool = False) -> None:
    """A summary of each video, and for several of them a table of what became of each."""
    if as_json:
        rows = [_as_data(outcome) for outcome in outcomes]
        json.dump(rows[0] if len(rows) == 1 else rows, sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    console = table_console()
    for outcome in outcomes:
        if outcome.result is not None:
            _print_result(console, outcome.result)
    if len(outcomes) > 1:
        table = Table(box=None, title="All videos", title_justify="left")
        for heading in ("video", "result"):
            table.add_column(heading, overflow="fold")
        for outcome in outcomes:
            words = f"[red]failed[/]: {escape(str(outcome.error))}" if outcome.error else escape(str(outcome.out_dir))
            table.add_row(escape(str(outcome.path)), words)
        console.print(table)
        failed = sum(outcome.error is not None for outcome in outcomes)
        console.print(f"{len(outcomes) - failed} analysed, {failed} failed")


def print_words(told: Sequence[tuple[Outcome, Sequence[Words]]]) -> None:
    """What a video-language model said of each video, marked as its own words."""
    console = table_console()
    for outcome, said in told:
        console.print(f"[bold]{escape(outcome.path.name)}[/]  [yellow]{WORDS_NOTICE}[/]")
        for one in said:
            words = escape(one.text) if one.text is not None else f"[red]no answer[/]: {escape(one.failure or '')}"
            console.print(f"  {clock(one.span.start_seconds)}-{clock(one.span.end_seconds)} {label(one.task)}: {words}")
            for doubt in one.doubts:
                console.print(f"    [red]cannot be[/]: {escape(doubt)}")
        doubted = sum(bool(one.doubts) for one in said)
        marked = f"; {doubted} of {len(said)} answers hold what cannot be" if doubted else ""
        console.print(f"  in {escape(str(outcome.out_dir / WORDS_FILE))}{marked}", soft_wrap=True)


def _print_result(console: Console, result: AnalysisResult) -> None:
    timeline, header = result.timeline, result.header
    names = _names(header.options.procedure)
    simulated = "  [bold magenta]SIMULATED, not real surgery[/]" if header.simulated else ""
    console.print(f"[bold]{escape(header.video.name)}[/]  {length(timeline.duration_seconds)}{simulated}")
    _print_phases(console, timeline, names)
    _print_rows(console, "Events", [(e.span, e.kind.value + (f": {label(e.target)}" if e.target else "")) for e in timeline.events])
    alerts = [risk for risk in timeline.risks if risk.level is RiskLevel.ALERT]
    _print_rows(
        console,
        "Alerts",
        [(risk.span, f"[red]{escape(names.get(risk.channel, risk.channel))}[/]: {escape(risk.why)}") for risk in alerts],
    )
    _print_not_assessed(console, timeline, names)
    console.print(f"[bold]Report[/]   {escape(str(result.report_path))}", soft_wrap=True)
    console.print(f"[bold]Records[/]  {escape(str(result.analysis_path))}", soft_wrap=True)
    console.print(f"[dim]{DISCLAIMER}[/]\n")


def _print_phases(console: Console, timeline: Timeline, names: Mapping[str, str]) -> None:
    seen = [segment for segment in timeline.phases if segment.phase is not None]
    if not seen:
        why = "none was likely enough" if timeline.coverage.assessed_seconds else "nothing could be assessed"
        console.print(f"[bold]Phases[/]   none named: {why}")
        return
    rows = [(s.span, f"{escape(names.get(s.phase or '', s.phase or ''))} [dim]({s.confidence:.0%})[/]") for s in seen]
    _print_rows(console, "Phases", rows)


def _print_rows(console: Console, title: str, rows: Sequence[tuple[Span, str]]) -> None:
    if not rows:
        console.print(f"[bold]{title:<8}[/] none")
        return
    console.print(f"[bold]{title}[/]")
    for span, words in rows[:_MOST_ROWS]:
        console.print(f"  {clock(span.start_seconds)}-{clock(span.end_seconds)}  {words}")
    if len(rows) > _MOST_ROWS:
        console.print(f"  ... and {len(rows) - _MOST_ROWS} more, in the report")


def _print_not_assessed(console: Console, timeline: Timeline, names: Mapping[str, str]) -> None:
    console.print(f"[bold]Assessed[/] {length(timeline.coverage.assessed_seconds)} of {length(timeline.duration_seconds)}")
    for reason, seconds in timeline.coverage.not_assessed_seconds.items():
        console.print(f"  NOT ASSESSED {lasting(seconds)}: {escape(reason)}")
    for channel, states in _never_assessed(timeline).items():
        console.print(f"  NOT ASSESSED {escape(subject(names.get(channel, channel)))} for {escape(unassessed_words(states))}")


def _never_assessed(timeline: Timeline) -> dict[str, list[RiskState]]:
    """The channels without one assessed moment, with their states."""
    states: dict[str, list[RiskState]] = {}
    for risk in timeline.risks:
        states.setdefault(risk.channel, []).append(risk)
    return {channel: its for channel, its in states.items() if all(state.level is RiskLevel.NOT_ASSESSED for state in its)}


def _names(procedure_name: str) -> dict[str, str]:
    procedure = load_procedure(procedure_name)
    return {phase.id: phase.name for phase in procedure.phases} | {hazard.id: hazard.name for hazard in procedure.hazards}


def _as_data(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    if result is None:
        return {"video": str(outcome.path), "error": str(outcome.error)}
    timeline = result.timeline
    return {
        "video": str(outcome.path),
        "simulated": result.header.simulated,
        "disclaimer": DISCLAIMER,
        "duration_seconds": timeline.duration_seconds,
        "looks": result.summary.looks,
        "domain": timeline.domain,
        "phases": [{"phase": s.phase, "reason": s.reason, "confidence": s.confidence, **_span(s.span)} for s in timeline.phases],
        "events": [{"event": e.kind.value, "target": e.target, **_span(e.span)} for e in timeline.events],
        "alerts": [
            {"channel": r.channel, "why": r.why, "priority": r.priority, **_span(r.span)}
            for r in timeline.risks
            if r.level is RiskLevel.ALERT
        ],
        "assessed_seconds": timeline.coverage.assessed_seconds,
        "not_assessed_seconds": dict(timeline.coverage.not_assessed_seconds),
        "channels_never_assessed": {
            channel: next(iter(unassessed(states))) for channel, states in _never_assessed(timeline).items()
        },
        "report": str(result.report_path),
        "records": str(result.analysis_path),
    }


def _span(span: Span) -> dict[str, float]:
    return {"start_seconds": span.start_seconds, "end_seconds": span.end_seconds}
