"""What an analysis says against what happened: statements that the truth of a simulated case contradicts.

Only what the truth can decide is judged. A phase is contradicted when it was another one for more than half of the stretch; an
event when nothing of its kind happened then, or it happened to another structure than the one named; an alert when its condition
did not hold; a finding when the phase, event or alert that it tells of is. Forecasts are judged elsewhere, by their probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from medgrpo.core import Span
from medgrpo.evaluation.truth import CaseTruth, TrueEvent, conditions
from medgrpo.knowledge import Procedure

_TOLERANCE_SECONDS = 5.0
_LATE_SECONDS = 20.0
_VIEW_KINDS = ("view lost", "camera outside the body")
_EITHER = (None, "cystic_pedicle")  # no structure, or duct and artery not told apart


def contradicted(
    records: Sequence[tuple[str, dict[str, Any]]], truth: CaseTruth, procedure: Procedure
) -> Iterator[tuple[str, str]]:
    """Kind and reason of every contradicted record. `records` are kind and JSON value, as in an analysis."""
    true = conditions(truth)
    wrong_events: set[tuple[float, float]] = set()
    wrong_alerts: set[tuple[str, float]] = set()
    for name, value in records:
        why: str | None = None
        if name == "phase" and value["phase"] is not None:
            why = _phase(str(value["phase"]), _span(value), truth)
        elif name == "event":
            why = _event(str(value["kind"]), value["target"], _span(value), truth, true)
            if why is not None:
                wrong_events.add(_key(value))
        elif name == "alert":
            why = _alert(str(value["channel"]), _span(value), true)
            if why is not None:
                wrong_alerts.add((str(value["channel"]), float(value["span"]["start_seconds"])))
        if why is not None:
            yield name, why
    for name, value in records:
        if name == "finding":
            why = _finding(value, truth, procedure, wrong_events, wrong_alerts)
            if why is not None:
                yield name, why


def _phase(phase: str, span: Span, truth: CaseTruth) -> str | None:
    shared = sum(_shared(span, other) for name, other in truth.phases if name == phase)
    if 2 * shared >= span.duration_seconds:
        return None
    return f"{phase} from {span.start_seconds:.0f} to {span.end_seconds:.0f} s, mostly another phase"


def _event(kind: str, target: str | None, span: Span, truth: CaseTruth, true: dict[str, list[Span]]) -> str | None:
    if kind in _VIEW_KINDS:
        near = [TrueEvent(kind, one, None) for one in true["view"] if _near(span, one, _TOLERANCE_SECONDS)]
    else:
        near = [one for one in truth.events if one.kind == kind and _near(span, one.span, _TOLERANCE_SECONDS)]
    if not near:
        return f"{kind} at {span.start_seconds:.0f} s did not happen"
    named = {one.target for one in near} - {None}
    if kind not in ("clip applied", "structure divided") or target in _EITHER or target in named:
        return None
    return f"{kind} at {span.start_seconds:.0f} s: {target}, was {', '.join(sorted(str(one) for one in named))}"


def _alert(channel: str, span: Span, true: dict[str, list[Span]]) -> str | None:
    if channel not in true or any(_near(span, one, _LATE_SECONDS) for one in true[channel]):
        return None
    return f"{channel} at {span.start_seconds:.0f} s: its condition did not hold"


def _finding(
    value: dict[str, Any],
    truth: CaseTruth,
    procedure: Procedure,
    wrong_events: set[tuple[float, float]],
    wrong_alerts: set[tuple[str, float]],
) -> str | None:
    text, span = str(value["text"]), _span(value)
    if value["basis"] == "inferred" and (str(value["rule"]), span.start_seconds) in wrong_alerts:
        return f"tells of a false alert: {text}"
    phase = next((one.id for one in procedure.phases if text.lower().startswith(one.name.lower())), None)
    if phase is not None:
        return None if _phase(phase, span, truth) is None else f"names another phase: {text}"
    if value["basis"] == "seen" and _key(value) in wrong_events:
        return f"tells of a false event: {text}"
    return None


def _key(value: dict[str, Any]) -> tuple[float, float]:
    return float(value["span"]["start_seconds"]), float(value["span"]["end_seconds"])


def _span(value: dict[str, Any]) -> Span:
    return Span(*_key(value))


def _shared(one: Span, other: Span) -> float:
    return max(0.0, min(one.end_seconds, other.end_seconds) - max(one.start_seconds, other.start_seconds))


def _near(one: Span, other: Span, tolerance_seconds: float) -> bool:
    return one.start_seconds <= other.end_seconds + tolerance_seconds and one.end_seconds >= other.start_seconds - tolerance_seconds
