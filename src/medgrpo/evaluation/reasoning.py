"""Reasoning measured on simulated cases through a noise model: rule recall, false alarms, abstention, phases, events.

A simulated case is a drawing's script: these figures tell how reasoning bears wrong and missing looks, never how accurate it is on
real surgery.
"""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from statistics import median
from typing import Any

from pydantic import Field

from medgrpo.core import Config, Span
from medgrpo.evaluation.intervals import bootstrap, ratio_interval
from medgrpo.evaluation.observing import case_truths, noise_level, observe
from medgrpo.evaluation.timeline import Agreement, edit_score, event_agreement, phase_segments, segment_f1
from medgrpo.evaluation.truth import CaseTruth, conditions, seen_events, truth_of
from medgrpo.knowledge import Procedure, load_procedure
from medgrpo.reasoning import RiskLevel, RiskState, Timeline, reason
from medgrpo.simulation import Deviation, FrameTruth, simulate

OVERLAPS = (0.1, 0.25, 0.5)
DEVIATIONS = tuple(Deviation)
BUDGET = {"high": 1.0, "medium": 2.0}  # alerts per hour of operation; the project's reference on safety, section 5
CHANNEL_OF = {
    Deviation.DIVISION_BEFORE_CLIPPING: "division_before_clip",
    Deviation.CLIPPING_BEFORE_CRITICAL_VIEW: "clip_before_dissection",
    Deviation.BLEEDING: "bleeding",
    Deviation.LOST_VIEW: "view",
}
_EVENT_TOLERANCE_SECONDS = 5.0
_LATE_SECONDS = 20.0  # an alert that begins later than this after the end of its condition has missed it
_SHORTEST_SECONDS = 5.0  # a lost view or energy without view no longer than this, a lens that is wiped, need not be alerted
_NEVER_ASSESSED = ("critical_view", "dangerous_zone")
_CONDITIONS = ("view", "energy_without_view")


class StudySettings(Config):
    """What was run; lies beside the figures."""

    cases: int
    minutes: float = 40.0
    looks_per_second: float = 2.0
    first_seed: int = 1000
    deviations: tuple[Deviation, ...] = Field(default=DEVIATIONS, min_length=1)  # played in turn
    noise: tuple[str, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case at one noise level. `delays_seconds`, `missed` and `abstained` are by channel, over its true conditions."""

    case: str
    deviation: str
    hours: float
    delays_seconds: Mapping[str, tuple[float, ...]]
    missed: Mapping[str, int]
    abstained: Mapping[str, int]
    alerts: Mapping[str, int]
    false_alarms: Mapping[str, int]
    false_channels: Mapping[str, int]
    not_assessed_share: Mapping[str, float]
    phases: tuple[Agreement, ...]  # in the order of OVERLAPS
    phase_accuracy: float
    edit: float
    events: Mapping[str, Agreement]


def study(
    settings: StudySettings,
    procedure: Procedure | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    processes: int = 1,
) -> dict[str, Any]:
    """Run every case at every noise level; figures by level, with 95 % intervals over cases, ready for JSON.

    Case k has seed `first_seed + k` and plays the k-th of `deviations`, over and over. Equal settings give equal figures,
    in however many processes; `progress(done, all)` counts cases.
    """
    chosen = procedure or load_procedure("cholecystectomy")
    for name in settings.noise:
        noise_level(name)  # an unknown one is said before anything runs
    places = range(settings.cases)
    rows: list[list[CaseResult]] = []
    if processes == 1:
        for place in places:
            rows.append(_case(place, settings, chosen))
            progress(len(rows), settings.cases)
    else:
        workers = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_leave_interrupts)
        try:
            for row in workers.map(partial(_case, settings=settings, procedure=chosen), places):
                rows.append(row)
                progress(len(rows), settings.cases)
        finally:
            workers.shutdown(cancel_futures=True)
    levels = dict(zip(settings.noise, zip(*rows, strict=True), strict=True))
    return {
        "settings": settings.model_dump(mode="json"),
        "levels": {name: summarise_cases(cases) for name, cases in levels.items()},
    }


def _case(place: int, settings: StudySettings, procedure: Procedure) -> list[CaseResult]:
    """One case at every noise level, in their order. Nothing is drawn: 6 minutes take about 2 s of processor time for 3 levels."""
    seed, deviation = settings.first_seed + place, settings.deviations[place % len(settings.deviations)]
    case = simulate(procedure, settings.minutes, seed, [deviation], size_wh=(320, 180))
    frames = case_truths(case, settings.looks_per_second)
    truth = truth_of(case, frames)
    looks = (observe(frames, noise_level(name), seed) for name in settings.noise)
    return [judge_case(truth, reason(seen, procedure), frames, deviation.value) for seen in looks]


def _leave_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; the first one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def judge_case(truth: CaseTruth, timeline: Timeline, frames: Sequence[FrameTruth], deviation: str) -> CaseResult:
    """Compare one timeline with its truth."""
    true = conditions(truth)
    risks: defaultdict[str, list[RiskState]] = defaultdict(list)
    for risk in timeline.risks:
        risks[risk.channel].append(risk)
    delays: dict[str, tuple[float, ...]] = {}
    missed: Counter[str] = Counter()
    abstained: Counter[str] = Counter()
    for channel, spans in true.items():
        found: list[float] = []
        for span in spans:
            if channel in _CONDITIONS and span.duration_seconds <= _SHORTEST_SECONDS:
                continue
            delay = _delay(risks[channel], span)
            if delay is not None:
                found.append(delay)
            elif _not_assessed(risks[channel], span):
                abstained[channel] += 1
            else:
                missed[channel] += 1
        delays[channel] = tuple(found)
    alerts = [risk for risk in timeline.risks if risk.level is RiskLevel.ALERT]
    false = [risk for risk in alerts if not any(_right(risk, span) for span in true.get(risk.channel, []))]
    segments = phase_segments(timeline)
    events = [(event.kind.value, event.span) for event in timeline.events]
    wanted = seen_events(truth)
    kinds = sorted({kind for kind, _ in (*events, *wanted)})
    return CaseResult(
        truth.name,
        deviation,
        truth.duration_seconds / 3600,
        delays,
        missed,
        abstained,
        Counter(risk.priority for risk in alerts),
        Counter(risk.priority for risk in false),
        Counter(risk.channel for risk in false),
        {channel: _share(states, timeline.duration_seconds) for channel, states in risks.items()},
        tuple(segment_f1(segments, truth.phases, overlap) for overlap in OVERLAPS),
        _accuracy(timeline, frames),
        edit_score([name for name, _ in segments], [name for name, _ in truth.phases]),
        {kind: event_agreement(_only(events, kind), _only(wanted, kind), _EVENT_TOLERANCE_SECONDS) for kind in kinds},
    )


def summarise_cases(cases: Sequence[CaseResult]) -> dict[str, Any]:
    """Figures over cases: each `[value, low, high]`, null where there is nothing to count."""
    channels = sorted({channel for case in cases for channel in case.delays_seconds})
    kinds = sorted({kind for case in cases for kind in case.events})
    faultless = [case for case in cases if case.deviation == Deviation.NONE.value]

    def ratio(parts: Callable[[CaseResult], tuple[float, float]], over: Sequence[CaseResult] = cases) -> list[Any]:
        """Of the sums of both parts over the cases."""
        return list(ratio_interval([parts(case) for case in over]))

    def hourly(count: Callable[[CaseResult], Mapping[str, int]], over: Sequence[CaseResult] = cases) -> Callable[[str], list[Any]]:
        return lambda priority: ratio(lambda case: (count(case).get(priority, 0), case.hours), over)

    def pooled(chosen: Callable[[CaseResult], Iterable[Agreement]], parts: Callable[[Agreement], tuple[float, float]]) -> list[Any]:
        return ratio(lambda case: parts(_pooled(chosen(case))))

    priorities = ("high", "medium", "low", "information")
    return {
        "cases": len(cases),
        "hours": sum(case.hours for case in cases),
        "faultless_hours": sum(case.hours for case in faultless),
        "rules": {channel: _rule(cases, channel) for channel in channels if _count(cases, channel)},
        "false_alarms_per_hour": {one: hourly(lambda case: case.false_alarms)(one) for one in priorities},
        "alerts_per_hour": {one: hourly(lambda case: case.alerts)(one) for one in priorities},
        "faultless_alerts_per_hour": {one: hourly(lambda case: case.alerts, faultless)(one) for one in BUDGET},
        "budget_per_hour": BUDGET,
        "false_alarms_by_channel": dict(sum((Counter(case.false_channels) for case in cases), Counter[str]())),
        "not_assessed_share": {
            channel: ratio(lambda case, c=channel: (case.not_assessed_share[c], 1.0))
            for channel in sorted(cases[0].not_assessed_share)
            if channel not in _NEVER_ASSESSED
        },
        "never_assessed": list(_NEVER_ASSESSED),
        "phase_f1": {
            f"{round(100 * overlap)}": pooled(
                lambda case, k=place: [case.phases[k]], lambda one: (2 * one.found, one.predicted + one.true)
            )
            for place, overlap in enumerate(OVERLAPS)
        },
        "phase_accuracy": ratio(lambda case: (case.phase_accuracy, 1.0)),
        "phase_edit": ratio(lambda case: (case.edit, 1.0)),
        "event_recall": pooled(lambda case: case.events.values(), lambda one: (one.found, one.true)),
        "event_precision": pooled(lambda case: case.events.values(), lambda one: (one.found, one.predicted)),
        "event_recall_by_kind": {
            kind: pooled(lambda case, k=kind: [case.events[k]] if k in case.events else [], lambda one: (one.found, one.true))
            for kind in kinds
        },
    }


def _rule(cases: Sequence[CaseResult], channel: str) -> dict[str, Any]:
    def delay(some: Sequence[CaseResult]) -> float | None:
        known = [seconds for case in some for seconds in case.delays_seconds[channel]]
        return median(known) if known else None

    return {
        "conditions": _count(cases, channel),
        "recall": list(ratio_interval([(len(case.delays_seconds[channel]), _count([case], channel)) for case in cases])),
        "median_delay_seconds": [delay(cases), *((len(cases) > 1 and bootstrap(cases, delay)) or (None, None))],
        "abstained_share": list(ratio_interval([(case.abstained.get(channel, 0), _count([case], channel)) for case in cases])),
        "abstained": sum(case.abstained.get(channel, 0) for case in cases),
        "missed": sum(case.missed.get(channel, 0) for case in cases),
    }


def _count(cases: Sequence[CaseResult], channel: str) -> int:
    return sum(len(case.delays_seconds[channel]) + case.missed.get(channel, 0) + case.abstained.get(channel, 0) for case in cases)


def _delay(states: Sequence[RiskState], span: Span) -> float | None:
    """Seconds from the start of the condition to its alert; 0 where the alert stood already."""
    alerts = [one.span for one in states if one.level is RiskLevel.ALERT]
    starts = [alert.start_seconds for alert in alerts if _meets(alert, span)]
    return max(0.0, min(starts) - span.start_seconds) if starts else None


def _meets(alert: Span, span: Span) -> bool:
    return alert.start_seconds <= span.end_seconds + _LATE_SECONDS and alert.end_seconds >= span.start_seconds


def _right(alert: RiskState, span: Span) -> bool:
    return _meets(alert.span, span)


def _not_assessed(states: Sequence[RiskState], span: Span) -> bool:
    """Whether the channel said at the end of the condition that it could not tell."""
    at = span.end_seconds + _LATE_SECONDS
    return any(
        one.level is RiskLevel.NOT_ASSESSED and one.span.start_seconds <= at and one.span.end_seconds >= span.end_seconds
        for one in states
    )


def _share(states: Sequence[RiskState], seconds: float) -> float:
    unseen = sum(one.span.duration_seconds for one in states if one.level is RiskLevel.NOT_ASSESSED)
    return unseen / seconds if seconds else 0.0


def _accuracy(timeline: Timeline, frames: Sequence[FrameTruth]) -> float:
    """Share of the moments at which the timeline names the true phase; a moment without a named phase counts as wrong."""
    segments = iter([*phase_segments(timeline), (None, Span(timeline.duration_seconds, timeline.duration_seconds))])
    name, span = next(segments)
    right = 0
    for frame in frames:
        while name is not None and frame.seconds >= span.end_seconds:
            name, span = next(segments)
        right += name == frame.phase and span.start_seconds <= frame.seconds
    return right / len(frames)


def _only(segments: Sequence[tuple[str, Span]], kind: str) -> list[tuple[str, Span]]:
    return [segment for segment in segments if segment[0] == kind]


def _pooled(agreements: Iterable[Agreement]) -> Agreement:
    every = list(agreements)
    return Agreement(sum(one.found for one in every), sum(one.predicted for one in every), sum(one.true for one in every))


def flat_figures(level: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Every figure with its interval, by a readable name: the rows of a table."""
    for channel, figures in level["rules"].items():
        yield f"recall {channel} (n = {figures['conditions']})", figures["recall"]
        yield f"abstained {channel}, share", figures["abstained_share"]
        yield f"median delay {channel}, s", figures["median_delay_seconds"]
    for priority, figure in level["false_alarms_per_hour"].items():
        yield f"false alarms per hour, {priority} ({level['hours']:.1f} h)", figure
    for priority, figure in level["faultless_alerts_per_hour"].items():
        budget = f"budget {level['budget_per_hour'][priority]:g}; {level['faultless_hours']:.1f} h"
        yield f"alerts per hour in faultless cases, {priority} ({budget})", figure
    for channel, figure in level["not_assessed_share"].items():
        yield f"not assessed, share of time, {channel}", figure
    for overlap, figure in level["phase_f1"].items():
        yield f"phase segments F1@{overlap}", figure
    yield "phase accuracy", level["phase_accuracy"]
    yield "phase edit score", level["phase_edit"]
    yield "event recall", level["event_recall"]
    yield "event precision", level["event_precision"]
    for kind, figure in level["event_recall_by_kind"].items():
        yield f"event recall, {kind}", figure
