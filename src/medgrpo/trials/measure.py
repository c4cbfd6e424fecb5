"""What many operations say about alerts: pure functions of outcomes, each figure by a definition that is written here.

- *told*: an event is told when an alert of its channel was said from `EARLY_SECONDS` before its start until `LATE_SECONDS` after
  its end. An alert that has stood for longer tells nothing new and does not count: shouting all the time finds nothing.
- *sensitivity*: told events of all events. *Time to detect*: from the event's start to the first such alert, 0 when it came before.
- *positive predictive value*: of the alerts that were said, those that lie so in an event (one too short to be asked for included).
- *sensitivity at a rate*: alerts ranked by the confidence of their evidence when they were said; only the surest are kept, so many
  that no more than that rate per hour is left (a free-response characteristic, with alerts instead of false ones on its axis).
- *time in alarm*: share of the time in which at least one alert's condition stood after it was said; nobody answers.
- *repeats*: share of the alerts that came within `REPEAT_SECONDS` of the same channel's alert before.
- *flicker*: changes of the channel's state per hour, said or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from medgrpo.core import Span
from medgrpo.evaluation import bootstrap
from medgrpo.stream import Priority
from medgrpo.trials.operation import Outcome, Said

EARLY_SECONDS = 10.0
LATE_SECONDS = 20.0
REPEAT_SECONDS = 300.0
RATES_PER_HOUR = (0.5, 1.0, 2.0, 4.0)
"""Fixed numbers of alerts per hour at which sensitivity is told."""
_VIEW = "view"
_PRIORITIES = (Priority.HIGH, Priority.MEDIUM, Priority.LOW)


def tells(alert: Said, event: Span) -> bool:
    """Whether that alert tells of that event of its channel."""
    return event.start_seconds - EARLY_SECONDS <= alert.span.start_seconds <= event.end_seconds + LATE_SECONDS


def detection_seconds(outcome: Outcome, channel: str, said: Sequence[Said] | None = None) -> list[float | None]:
    """For each event of the channel: seconds until it was told, None where it was not. `said`: instead of all that was said."""
    alerts = [one for one in (outcome.said if said is None else said) if one.channel == channel]
    found: list[float | None] = []
    for event in outcome.events.get(channel, ()):
        first = min((one.span.start_seconds for one in alerts if tells(one, event)), default=None)
        found.append(None if first is None else max(0.0, first - event.start_seconds))
    return found


def missed_share(outcome: Outcome, channel: str) -> float | None:
    """The operation's loss: share of the channel's events that were not told; None where it has none."""
    found = detection_seconds(outcome, channel)
    return sum(one is None for one in found) / len(found) if found else None


def sensitivity(outcomes: Sequence[Outcome], channels: Sequence[str]) -> float | None:
    found = [one for outcome in outcomes for channel in channels for one in detection_seconds(outcome, channel)]
    return sum(one is not None for one in found) / len(found) if found else None


def predictive_value(outcomes: Sequence[Outcome], channels: Sequence[str]) -> float | None:
    """Over channels whose truth is known; None where nothing was said."""
    right = [_right(one, outcome) for outcome in outcomes for one in outcome.said if one.channel in channels]
    return sum(right) / len(right) if right else None


def per_hour(outcomes: Sequence[Outcome], count: Callable[[Outcome], float]) -> float:
    return sum(map(count, outcomes)) / sum(outcome.hours for outcome in outcomes)


def sensitivity_at(outcomes: Sequence[Outcome], channels: Sequence[str], rate_per_hour: float) -> float | None:
    """Sensitivity of the surest alerts alone, so many per hour that no more than that rate is said; None without an event.

    Alerts of equal confidence are kept or left out together; between two such points the line between them, which is what keeping
    some of them by chance would find. All that were said where that is not more than the rate.
    """
    hours = sum(outcome.hours for outcome in outcomes)
    ranked = Counter(_confidence(one) for outcome in outcomes for one in outcome.said if one.channel in channels)
    before = (0.0, 0.0)
    if sensitivity(outcomes, channels) is None:
        return None
    for confidence in sorted(ranked, reverse=True):
        rate = before[0] + ranked[confidence] / hours
        found = _found_at(outcomes, channels, confidence)
        if rate > rate_per_hour:
            return before[1] + (found - before[1]) * (rate_per_hour - before[0]) / (rate - before[0])
        before = (rate, found)
    return before[1]


def _found_at(outcomes: Sequence[Outcome], channels: Sequence[str], least_confidence: float) -> float:
    """Sensitivity of the alerts that are at least so sure; there is an event."""
    found = [
        one
        for outcome in outcomes
        for channel in channels
        for one in detection_seconds(outcome, channel, [said for said in outcome.said if _confidence(said) >= least_confidence])
    ]
    return sum(one is not None for one in found) / len(found)


def time_in_alarm(outcome: Outcome, channels: Sequence[str]) -> float:
    """Seconds in which at least one of the channels' alerts stood."""
    total, covered = 0.0, 0.0
    for one in sorted(one.span for one in outcome.said if one.channel in channels):
        start = max(one.start_seconds, covered)
        if one.end_seconds > start:
            total, covered = total + one.end_seconds - start, one.end_seconds
    return total


def repeats(outcome: Outcome, channels: Sequence[str]) -> int:
    last: dict[str, float] = {}
    count = 0
    for one in outcome.said:
        if one.channel in channels:
            count += one.span.start_seconds - last.get(one.channel, float("-inf")) <= REPEAT_SECONDS
            last[one.channel] = one.span.start_seconds
    return count


def alert_figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """All figures, ready for JSON: of each channel with events or alerts, said or not, and of all risks; null where nothing counts.

    The view is a technical channel: it stands alone and is not counted among the risks.
    """
    judged = sorted({channel for outcome in outcomes for channel in outcome.events})
    said = {one.channel for outcome in outcomes for one in outcome.said}
    unsaid = {channel for outcome in outcomes for channel, _ in outcome.unsaid}
    seen = [channel for channel in judged if any(outcome.events.get(channel) for outcome in outcomes)]
    return {
        "operations": len(outcomes),
        "hours": sum(outcome.hours for outcome in outcomes),
        "channels": {channel: _figures(outcomes, [channel], channel in judged) for channel in sorted(said.union(unsaid, seen))},
        "all": _figures(outcomes, [channel for channel in judged if channel != _VIEW], True),
        "said_per_hour_by_priority": {
            priority.name.lower(): per_hour(outcomes, lambda one, p=priority: sum(said.priority is p for said in one.said))
            for priority in _PRIORITIES
        },
        "escalated_per_hour": per_hour(outcomes, lambda one: one.escalated),
        "faultless_said_per_hour": _faultless(outcomes),
    }


def _figures(outcomes: Sequence[Outcome], channels: Sequence[str], known: bool) -> dict[str, Any]:
    found = [one for outcome in outcomes for channel in channels for one in detection_seconds(outcome, channel)]
    told = [one for one in found if one is not None]
    seconds = 3600 * sum(outcome.hours for outcome in outcomes)
    count = sum(one.channel in channels for outcome in outcomes for one in outcome.said)
    unsaid: Counter[str] = Counter()
    for outcome in outcomes:
        for (channel, why), number in outcome.unsaid.items():
            unsaid[why] += number if channel in channels else 0
    return {
        "events": len(found),
        "told": len(told),
        "sensitivity": _with_interval(outcomes, lambda some: sensitivity(some, channels)),
        "sensitivity_at_per_hour": {f"{rate:g}": sensitivity_at(outcomes, channels, rate) for rate in RATES_PER_HOUR},
        "detection_seconds": None if not told else dict(zip(("p10", "p50", "p90"), _percentiles(told), strict=True)),
        "said": count,
        "said_per_hour": _with_interval(
            outcomes, lambda some: per_hour(some, lambda one: sum(said.channel in channels for said in one.said)) if some else None
        ),
        "predictive_value": _with_interval(outcomes, lambda some: predictive_value(some, channels)) if known else None,
        "time_in_alarm": sum(time_in_alarm(outcome, channels) for outcome in outcomes) / seconds,
        "repeats": sum(repeats(outcome, channels) for outcome in outcomes) / count if count else None,
        "flicker_per_hour": per_hour(outcomes, lambda one: sum(one.state_changes.get(channel, 0) for channel in channels)),
        "unsaid_per_hour": {why: 3600 * number / seconds for why, number in sorted(unsaid.items()) if number},
        "not_assessed": sum(one.unassessed_seconds.get(channel, 0.0) for one in outcomes for channel in channels)
        / (seconds * len(channels))
        if channels
        else None,
    }


def _faultless(outcomes: Sequence[Outcome]) -> float | None:
    some = [outcome for outcome in outcomes if outcome.deviation == "none"]
    return per_hour(some, lambda one: len(one.said)) if some else None


def _right(alert: Said, outcome: Outcome) -> bool:
    spans = (*outcome.events.get(alert.channel, ()), *outcome.excused.get(alert.channel, ()))
    return any(tells(alert, span) for span in spans)


def _confidence(alert: Said) -> float:
    """An alert without a confidence is not held back for want of one."""
    return 1.0 if alert.confidence is None else alert.confidence


def _with_interval(outcomes: Sequence[Outcome], figure: Callable[[Sequence[Outcome]], float | None]) -> list[float | None]:
    """Value, low, high: 95 % over whole operations."""
    interval = bootstrap(outcomes, figure, resamples=200) if len(outcomes) > 1 else None
    return [figure(outcomes), *(interval or (None, None))]


def _percentiles(values: Sequence[float]) -> list[float]:
    return [float(value) for value in np.percentile(values, [10, 50, 90])]


def flat(figures: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rows of a table: every channel, then all risks together."""
    return {**figures["channels"], "all risks": figures["all"]}
