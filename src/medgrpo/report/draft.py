"""From a timeline to a draft operative report: a pure function, no clock, no file, no picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from medgrpo.core import KnowledgeError, clock, length
from medgrpo.knowledge import Citation, Procedure, label
from medgrpo.library import KnowledgeBase
from medgrpo.reasoning import Event, EventKind, Evidence, Finding, RiskLevel, RiskState, Timeline
from medgrpo.report.passages import supports
from medgrpo.report.records import CaseInfo, Field, FrameKind, Gap, KeyFrame, Report, RiskChannel, Section
from medgrpo.report.synoptic import NOT_LOOKED_FOR, synoptic_fields
from medgrpo.report.words import between, counted, event_target, event_words, joined, share, subject, times, unassessed

MAX_KEY_FRAMES = 24
_PRIORITIES = ("high", "medium", "low", "information")
_TECHNICAL = (EventKind.VIEW_LOST, EventKind.OUT_OF_BODY)


def draft_report(timeline: Timeline, procedure: Procedure, case: CaseInfo, base: KnowledgeBase | None = None) -> Report:
    """Arrange what is known about one operation as a draft operative report.

    Nothing is added to the timeline: every sentence is a finding's own, every field without evidence says so.
    `base` is a knowledge base whose passages stand behind the chains of thought.
    Raises KnowledgeError when a citation key of the timeline is not among the procedure's.
    """
    names = {phase.id: phase.name for phase in procedure.phases}
    names |= {step.id: step.name for phase in procedure.phases for step in phase.steps}
    names |= {hazard.id: hazard.name for hazard in procedure.hazards}
    channels = _channels(timeline, procedure)
    key_frames, left_out = _key_frames(timeline, names, channels)
    fields = synoptic_fields(timeline, [frame.seconds for frame in key_frames])
    sections = _sections(timeline, names)
    return Report(
        case=case,
        procedure_id=procedure.id,
        procedure_name=procedure.name,
        recognised=_recognised(timeline, procedure),
        simulated=timeline.domain.startswith("simulated"),
        summary=tuple(_summary(timeline, procedure)),
        concerns=tuple(_concerns(channels)),
        fields=fields,
        sections=sections,
        key_frames=key_frames,
        key_frames_left_out=left_out,
        channels=channels,
        gaps=_gaps(timeline, channels, fields),
        citations=_citations(sections, channels, timeline, procedure),
        names=names,
        timeline=timeline,
        knowledge_base=base is not None,
        support={} if base is None else supports(timeline.thoughts, base),
    )


def linked_statements(seconds: Sequence[float], findings: Sequence[Finding]) -> tuple[str, ...]:
    """Ids of the findings whose key look is among `seconds`."""
    return tuple(finding.id for finding in findings if finding.evidence.key_seconds in seconds)


_WHOLE, _OUTSIDE = -1, -2
_EXTRA = {
    _WHOLE: ("The operation as a whole", None),
    _OUTSIDE: ("Outside the phases", "these statements lie outside every stretch of the timeline"),
}
_WHOLE_SHARE = 0.8  # of the video: a statement this long belongs to no single phase


def _sections(timeline: Timeline, names: Mapping[str, str]) -> tuple[Section, ...]:
    """One section per phase stretch, then the statements that belong to none; all in order of time, by when they begin."""
    homes: dict[int, list[Finding]] = {}
    for finding in sorted(timeline.findings, key=lambda one: one.span.start_seconds):
        homes.setdefault(_home(timeline, finding), []).append(finding)
    sections = [
        Section(
            title=names.get(segment.phase, label(segment.phase)) if segment.phase is not None else "Phase not assessed",
            start_seconds=segment.span.start_seconds,
            end_seconds=segment.span.end_seconds,
            phase=segment.phase,
            confidence=segment.confidence if segment.phase is not None else None,
            reason=segment.reason,
            evidence=segment.evidence,
            statements=tuple(homes.get(index, ())),
        )
        for index, segment in enumerate(timeline.phases)
    ]
    for home, (title, reason) in _EXTRA.items():
        its = homes.get(home, ())
        if its:
            start, end = min(finding.span.start_seconds for finding in its), max(finding.span.end_seconds for finding in its)
            sections.append(Section(title, start, end, None, None, reason, None, tuple(its)))
    return tuple(sections)


def _home(timeline: Timeline, finding: Finding) -> int:
    """Where a finding is told: the stretch in which it begins, the later one on a shared border."""
    if finding.span.duration_seconds >= _WHOLE_SHARE * timeline.duration_seconds > 0:
        return _WHOLE
    moment = finding.span.start_seconds
    inside = [i for i, segment in enumerate(timeline.phases) if segment.span.start_seconds <= moment <= segment.span.end_seconds]
    return inside[-1] if inside else _OUTSIDE


def _channels(timeline: Timeline, procedure: Procedure) -> tuple[RiskChannel, ...]:
    hazards = {hazard.id: hazard for hazard in procedure.hazards}
    states: dict[str, list[RiskState]] = {}
    for state in timeline.risks:
        states.setdefault(state.channel, []).append(state)
    channels: list[RiskChannel] = []
    for channel, its in states.items():
        hazard = hazards.get(channel)
        name, advice = (hazard.name, hazard.advice) if hazard else (label(channel.replace("-", " ")), "")
        channels.append(RiskChannel(channel, name, advice, hazard.citations if hazard else (), tuple(its)))
    return tuple(sorted(channels, key=_urgency))


def _urgency(channel: RiskChannel) -> tuple[int, int]:
    """Channels that alarmed come first, the highest priority before the rest; those never assessed come last."""
    alerts = [_PRIORITIES.index(state.priority) for state in channel.states if state.level is RiskLevel.ALERT]
    if alerts:
        return (0, min(alerts))
    return (2 if all(state.level is RiskLevel.NOT_ASSESSED for state in channel.states) else 1, 0)


def _key_frames(timeline: Timeline, names: Mapping[str, str], channels: Sequence[RiskChannel]) -> tuple[tuple[KeyFrame, ...], int]:
    """Alerts first (by priority), then events, then phases; looks at the same time become one picture."""
    wanted: list[tuple[int, FrameKind, Evidence, str]] = [
        (_PRIORITIES.index(state.priority), "alert", state.evidence, f"Alert: {channel.name}")
        for channel in channels
        for state in channel.states
        if state.level is RiskLevel.ALERT and state.evidence is not None
    ]
    wanted.extend(
        (4 + (event.kind in _TECHNICAL), "event", event.evidence, event_words(event))
        for event in timeline.events
        if event.kind is not EventKind.VIEW_LOST  # a picture of nothing
    )
    wanted.extend(
        (6, "phase", segment.evidence, f"{names.get(segment.phase, label(segment.phase))} ({clock(segment.span.start_seconds)})")
        for segment in timeline.phases
        if segment.phase is not None
    )
    frames: dict[float, KeyFrame] = {}
    for _, kind, evidence, words in sorted(wanted, key=lambda item: item[0]):
        seconds = evidence.key_seconds
        seen = frames.get(seconds)
        if seen is None:
            linked = linked_statements((seconds,), timeline.findings)
            frames[seconds] = KeyFrame(seconds, (words,), kind, evidence, linked)
        else:
            frames[seconds] = KeyFrame(seconds, (*seen.reasons, words), seen.kind, seen.evidence, seen.statements)
    kept = list(frames.values())[:MAX_KEY_FRAMES]
    return tuple(sorted(kept, key=lambda frame: frame.seconds)), len(frames) - len(kept)


def _summary(timeline: Timeline, procedure: Procedure) -> Iterable[str]:
    if not _recognised(timeline, procedure):
        yield f"The video was not recognised as {_lowered(procedure.name)} (kind of video: {timeline.domain})."
    assessed, total = timeline.coverage.assessed_seconds, timeline.duration_seconds
    yield f"{length(assessed)} of {length(total)} of video ({share(assessed, total):.0%}) could be assessed."
    yield _phase_sentence(timeline, procedure)
    seen = [words for kind in EventKind if (words := _event_phrase(kind, timeline.events))]
    if seen:
        yield f"Seen: {'; '.join(seen)}."


def _concerns(channels: Sequence[RiskChannel]) -> Iterable[str]:
    alerts: dict[str, list[str]] = {}
    for channel in channels:
        for state in channel.states:
            if state.level is RiskLevel.ALERT:
                alerts.setdefault(_lowered(channel.name), []).append(clock(state.span.start_seconds))
    blind = [
        _lowered(subject(channel.name))
        for channel in channels
        if all(state.level is RiskLevel.NOT_ASSESSED for state in channel.states)
    ]
    if len(blind) == len(channels):
        yield "No risk channel could be assessed: that no alert was raised says nothing about safety."
        return
    if alerts:
        yield f"Alerts: {'; '.join(f'{name} at {joined(moments[:4])}{_more(moments[4:])}' for name, moments in alerts.items())}."
    else:
        yield "No alert was raised; that is not a statement that the operation was safe."
    if blind:
        yield f"Never assessed: {'; '.join(blind)}."


def _recognised(timeline: Timeline, procedure: Procedure) -> bool:
    return procedure.name.lower() in timeline.domain.lower()


def _phase_sentence(timeline: Timeline, procedure: Procedure) -> str:
    recognised = {segment.phase for segment in timeline.phases}
    found = [_lowered(phase.name) for phase in procedure.phases if phase.id in recognised]
    missed = [_lowered(phase.name) for phase in procedure.phases if phase.id not in recognised]
    if not found:
        if timeline.coverage.assessed_seconds == 0:
            return "No phase of the operation was named: nothing could be assessed."
        return "No phase of the operation was named: none was likely enough."
    if not missed:
        return f"All {len(found)} phases of the procedure were recognised."
    return f"Phases recognised: {joined(found)}. Not recognised: {joined(missed)}."


_ACTS = {
    EventKind.CLIP_APPLIED: ("clipping", ", number of clips not counted"),
    EventKind.STRUCTURE_DIVIDED: ("division", ""),
}
_UNNAMED = "structure not told apart"
_SPANS_NAMED = 3


def _event_phrase(kind: EventKind, events: Sequence[Event]) -> str:
    """`clipping 00:56–01:16 (cystic duct), number of clips not counted`, `bleeding seen twice`; empty where there was none.

    A clip or a division is a stretch in which the act was seen, not one clip and not one cut: stretches are not counted as acts.
    """
    its = [event for event in events if event.kind is kind]
    if not its:
        return ""
    by_target: dict[str, list[Event]] = {}
    for event in its:
        by_target.setdefault(event_target(event), []).append(event)
    if kind in _ACTS:
        act, note = _ACTS[kind]
        return f"{act} {joined([_stretches(of, target or _UNNAMED) for target, of in by_target.items()])}{note}"
    counts = [f"{target} {times(len(of))}" for target, of in by_target.items() if target]
    where = f" ({', '.join(counts)})" if counts else ""
    return f"{kind.value} {times(len(its))}{where}"


def _stretches(events: Sequence[Event], target: str) -> str:
    spans = [between(event.span.start_seconds, event.span.end_seconds) for event in events]
    rest = f" and {len(spans) - _SPANS_NAMED} more" if len(spans) > _SPANS_NAMED else ""
    return f"{', '.join(spans[:_SPANS_NAMED])}{rest} ({target})"


def _more(rest: Sequence[str]) -> str:
    return f" and {counted(len(rest), 'more time')}" if rest else ""


def _gaps(timeline: Timeline, channels: Sequence[RiskChannel], fields: Sequence[Field]) -> tuple[Gap, ...]:
    gaps = [Gap("Video", why, seconds) for why, seconds in timeline.coverage.not_assessed_seconds.items()]
    by_reason: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for segment in timeline.phases:
        if segment.phase is None:
            span = (segment.span.start_seconds, segment.span.end_seconds)
            by_reason.setdefault(("Phase of the operation", segment.reason or "no reason was given"), []).append(span)
    for channel in channels:
        for why in unassessed(channel.states):
            by_reason[subject(channel.name), why] = [
                (state.span.start_seconds, state.span.end_seconds)
                for state in channel.states
                if state.level is RiskLevel.NOT_ASSESSED and state.why == why
            ]
    gaps += [Gap(what, why, sum(end - start for start, end in spans), tuple(spans)) for (what, why), spans in by_reason.items()]
    unsought = [field.name for field in fields if field.value is None and field.note == NOT_LOOKED_FOR]
    return (*gaps, Gap(f"{len(unsought)} synoptic items, listed under that heading", NOT_LOOKED_FOR, None))


def _citations(
    sections: Sequence[Section], channels: Sequence[RiskChannel], timeline: Timeline, procedure: Procedure
) -> tuple[Citation, ...]:
    """The sources in the order in which a reader meets them."""
    used: dict[str, None] = {}
    for section in sections:
        for finding in section.statements:
            used.update(dict.fromkeys(finding.citations))
    for channel in channels:
        used.update(dict.fromkeys(channel.citations))
        for state in channel.states:
            used.update(dict.fromkeys(state.citations))
    for thought in timeline.thoughts:
        used.update(dict.fromkeys(thought.citations))
    for forecast in timeline.forecasts:
        used.update(dict.fromkeys((*forecast.citations, *(key for risk in forecast.risks for key in risk.citations))))
    known = {citation.key: citation for citation in procedure.citations}
    unknown = [key for key in used if key not in known]
    if unknown:
        raise KnowledgeError(procedure.id, "citations", f"cited by the timeline but not listed: {', '.join(unknown)}")
    return tuple(known[key] for key in used)


def _lowered(words: str) -> str:
    """For the middle of a sentence; an abbreviation keeps its capitals."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
