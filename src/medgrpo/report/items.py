"""Everything in the document that can be chosen: one item per phase stretch, action, event, risk state, forecast, statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medgrpo.core import clock
from medgrpo.knowledge import label
from medgrpo.reasoning import Evidence, RiskLevel
from medgrpo.report.records import Report
from medgrpo.report.thoughts import evidence_of_cue
from medgrpo.report.words import action_words, between, capital, confidence_words, event_words

Kind = Literal["phase", "action", "event", "risk", "forecast", "statement", "thought", "cue"]
EXPECTED = "Expected next: "
_PICTURE_ORDER = ("risk", "event", "statement", "phase", "thought", "forecast", "cue", "action")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be chosen. `id` is its id in the document, `target` the id of the text that speaks of it."""

    id: str
    kind: Kind
    lane: str
    title: str
    detail: str
    start_seconds: float
    end_seconds: float
    evidence: Evidence | None
    target: str
    style: str

    @property
    def when(self) -> str:
        return between(self.start_seconds, self.end_seconds)

    @property
    def spoken(self) -> str:
        """The whole item in one line, for a label that is read aloud."""
        return f"{self.title}, {self.when}. {self.detail}"


def items_of(report: Report) -> tuple[Item, ...]:
    """Every item, grouped by kind and in order of time within a kind."""
    return (
        *_phases(report),
        *_actions(report),
        *_events(report),
        *_risks(report),
        *_forecasts(report),
        *_statements(report),
        *_thoughts(report),
    )


def picture_order(items: tuple[Item, ...]) -> list[float]:
    """The looks worth a picture, most important first: where the budget ends, actions lose theirs before alerts do."""

    def rank(item: Item) -> tuple[int, int]:
        return (_PICTURE_ORDER.index(item.kind), 0 if item.style in ("alert", "statement") else 1)

    return [item.evidence.key_seconds for item in sorted(items, key=rank) if item.evidence is not None]


def wanted_pictures(report: Report) -> tuple[float, ...]:
    """The looks that `render_html` asks for, in its order, so that a caller can fetch them in an order that suits the video."""
    return tuple(dict.fromkeys(picture_order(items_of(report))))


def how_sure(evidence: Evidence) -> str:
    """`high confidence (0.93)`: the words and the number."""
    return f"{confidence_words(evidence.confidence)} ({evidence.confidence:.2f})"


def _statements(report: Report) -> list[Item]:
    found: list[Item] = []
    for finding in report.timeline.findings:
        basis = "seen" if finding.basis == "seen" else f"inferred by rule {finding.rule}"
        span, id = finding.span, f"s{len(found) + 1}"
        detail = f"{basis}, {how_sure(finding.evidence)}"
        item = Item(
            id, "statement", "", finding.text, detail, span.start_seconds, span.end_seconds, finding.evidence, id, "statement"
        )
        found.append(item)
    return found


def _thoughts(report: Report) -> list[Item]:
    """Each chain of thought with the frame of its first cue, then each of its cues."""
    items: list[Item] = []
    for number, thought in enumerate(report.timeline.thoughts, 1):
        id, at = f"t{number}", thought.seconds
        sure = "abstains: " + thought.abstain if thought.abstain else f"confidence {thought.confidence or 0:.2f}"
        cues = [(cue, evidence_of_cue(cue, report.timeline)) for cue in thought.cues_seen]
        shown = cues[0][1] if cues else None
        items.append(Item(id, "thought", "Chain of thought", thought.question, sure, at, at, shown, id, "thought"))
        for cue, evidence in cues:
            start, end = cue.span.start_seconds, cue.span.end_seconds
            detail = f"{cue.basis}, {how_sure(evidence)}; a cue of the chain of thought at {clock(at)}"
            items.append(Item(f"{id}{cue.id}", "cue", "", capital(cue.words), detail, start, end, evidence, id, "cue"))
    return items


def _phases(report: Report) -> list[Item]:
    order = list(report.names)
    items: list[Item] = []
    for number, segment in enumerate(report.timeline.phases, 1):
        span, id = segment.span, f"p{number}"
        if segment.phase is None:
            title, detail, style = "Phase not assessed", segment.reason or "no reason was given", "unknown"
        else:
            title = report.names.get(segment.phase, label(segment.phase))
            detail = how_sure(segment.evidence)
            style = f"phase{order.index(segment.phase) % 7}" if segment.phase in order else "phase0"
        items.append(Item(id, "phase", "Phase", title, detail, span.start_seconds, span.end_seconds, segment.evidence, id, style))
    return items


def _actions(report: Report) -> list[Item]:
    items: list[Item] = []
    for number, action in enumerate(report.timeline.actions, 1):
        span, lane = action.span, capital(label(action.triplet.split(",")[0]))
        target = _text_for(report, action.evidence, span.start_seconds, span.end_seconds)
        style = "idle" if ",null_verb," in action.triplet else "action"
        words = capital(action_words(action.triplet))
        item = Item(
            f"a{number}",
            "action",
            lane,
            words,
            how_sure(action.evidence),
            span.start_seconds,
            span.end_seconds,
            action.evidence,
            target,
            style,
        )
        items.append(item)
    return items


def _events(report: Report) -> list[Item]:
    items: list[Item] = []
    for number, event in enumerate(report.timeline.events, 1):
        start, end = event.span.start_seconds, event.span.end_seconds
        target = _text_for(report, event.evidence, start, end)
        items.append(
            Item(
                f"e{number}",
                "event",
                "Events",
                event_words(event),
                how_sure(event.evidence),
                start,
                end,
                event.evidence,
                target,
                event.kind.name.lower(),
            )
        )
    return items


def _risks(report: Report) -> list[Item]:
    items: list[Item] = []
    styles = {
        RiskLevel.MONITORING: "monitoring",
        RiskLevel.ALERT: "alert",
        RiskLevel.CLEAR: "clear",
        RiskLevel.NOT_ASSESSED: "unknown",
    }
    for channel in report.channels:
        for state in channel.states:
            id = f"r{len(items) + 1}"
            title = f"{state.level.value.upper()}: {channel.name}"
            span = state.span
            items.append(
                Item(
                    id,
                    "risk",
                    channel.name,
                    title,
                    state.why,
                    span.start_seconds,
                    span.end_seconds,
                    state.evidence,
                    id,
                    styles[state.level],
                )
            )
    return items


def _forecasts(report: Report) -> list[Item]:
    items: list[Item] = []
    forecasts = report.timeline.forecasts
    for number, forecast in enumerate(forecasts, 1):
        end = forecasts[number].seconds if number < len(forecasts) else report.timeline.duration_seconds
        best = forecast.options[0] if forecast.options else None
        title = f"{EXPECTED}{best.probability:.0%} {report.names.get(best.id, label(best.id))}" if best else "Nothing expected"
        id = f"f{number}"
        items.append(
            Item(
                id,
                "forecast",
                "Expected next",
                title,
                f"as expected at {clock(forecast.seconds)}, {forecast.basis}",
                forecast.seconds,
                max(end, forecast.seconds),
                forecast.evidence,
                id,
                "forecast",
            )
        )
    return items


def _text_for(report: Report, evidence: Evidence, start_seconds: float, end_seconds: float) -> str:
    """The statement that shares the key look, else the one that overlaps and is nearest, else the phase's section."""
    findings = list(enumerate(report.timeline.findings, 1))
    shared = [number for number, finding in findings if finding.evidence.key_seconds == evidence.key_seconds]
    if shared:
        return f"s{shared[0]}"
    overlapping = [
        (abs(finding.evidence.key_seconds - evidence.key_seconds), number)
        for number, finding in findings
        if finding.span.start_seconds <= end_seconds and finding.span.end_seconds >= start_seconds
    ]
    if overlapping:
        return f"s{min(overlapping)[1]}"
    inside = [
        number
        for number, segment in enumerate(report.timeline.phases, 1)
        if segment.span.start_seconds <= evidence.key_seconds <= segment.span.end_seconds
    ]
    return f"p{inside[-1]}" if inside else "narrative"
