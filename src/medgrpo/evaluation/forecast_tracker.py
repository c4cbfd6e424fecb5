"""The times that the live tracker tells, on simulated cases seen through noise: how many come within their intervals, before and
after these are widened; and the fitting of the factors, on other cases (`reasoning/interval_scaling.py`).

Told times are those of every forecast, every 10 s, of what then came and was not under way. Simulated: nothing about real surgery.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from medgrpo.evaluation.forecast_courses import SIMULATED_PROCEDURE, simulated_case
from medgrpo.evaluation.forecast_measure import MOMENT_STEP_SECONDS
from medgrpo.evaluation.intervals import ratio_interval
from medgrpo.evaluation.observing import NOISE, case_truths, noise_level, observe
from medgrpo.knowledge import load_procedure
from medgrpo.reasoning import (
    KEY_EVENTS,
    ForecastConfig,
    IntervalScaling,
    Reasoner,
    ReasonerConfig,
    TimeKind,
    Widening,
    fit_widening,
)
from medgrpo.simulation import Case, FrameTruth

FIT_SEEDS, HELD_OUT_SEEDS = range(4000, 4018), range(3000, 3018)
KINDS: tuple[TimeKind, ...] = ("phase", "event", "instrument", "end")
HELD_SHARE = 0.8
_RAW = ReasonerConfig(forecast=ForecastConfig(widened_intervals=False))
Listener = Callable[[str, int, int], None]
Spans = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Told:
    """A time that was told and what came, in seconds from then; `high_seconds` is inf where it was left open."""

    case: int
    kind: TimeKind
    low_seconds: float
    high_seconds: float
    true_seconds: float


def told_times(seed: int, noise: str) -> Iterator[Told]:
    """The raw intervals of one case and the true times."""
    case = simulated_case(seed)
    truths = case_truths(case, 1.0)
    spans = true_spans(case, truths)
    reasoner = Reasoner(load_procedure(SIMULATED_PROCEDURE), _RAW)
    due = 0.0
    for look in observe(truths, noise_level(noise), seed):
        reasoner.step(look)
        forecast = reasoner.forecast_now() if look.seconds >= due else None
        if forecast is None:
            continue
        due = look.seconds + MOMENT_STEP_SECONDS
        for one in (*forecast.times, *([forecast.remaining] if forecast.remaining is not None else [])):
            wait = waiting_seconds(spans.get((one.kind, one.id), ()), look.seconds)
            if wait is not None:
                low, high = one.low_seconds, one.high_seconds
                horizon = forecast.horizon_seconds
                yield Told(seed, one.kind, horizon if low is None else low, math.inf if high is None else high, wait)


def true_spans(case: Case, truths: Sequence[FrameTruth]) -> dict[tuple[TimeKind, str], list[tuple[float, float]]]:
    """When each phase, key event and instrument at work was there, and the end."""
    script = case.script
    found: dict[tuple[TimeKind, str], list[tuple[float, float]]] = {
        ("end", "operation"): [(script.duration_seconds, script.duration_seconds)]
    }
    for part in script.phases:
        found.setdefault(("phase", part.phase), []).append((part.span.start_seconds, part.span.end_seconds))
    for kind, (_, targets) in KEY_EVENTS.items():
        for event in script.events:
            if event.kind.value == kind.value and (targets is None or event.target in targets):
                found.setdefault(("event", kind.value), []).append((event.span.start_seconds, event.span.end_seconds))
    for truth in truths:
        for tip in truth.tips:
            if tip.triplet.verb != "null_verb":
                found.setdefault(("instrument", tip.triplet.instrument), []).append((truth.seconds, truth.seconds))
    return found


def waiting_seconds(spans: Spans, now: float) -> float | None:
    """Seconds to the next start; None where it is under way now or does not come."""
    if any(start <= now <= end for start, end in spans):
        return None
    return min((start - now for start, _ in spans if start > now), default=None)


def evaluate_tracker(scaling: IntervalScaling, progress: Listener) -> list[tuple[str, int, list[Any], list[Any], float]]:
    """Per kind on the held-out cases: its name, how many told times came, the share that the raw intervals hold with its 95 %
    interval over cases, the share that the widened ones hold, and the share of these that is open to the future."""
    told = _collect(HELD_OUT_SEEDS, "held-out cases", progress)
    rows: list[tuple[str, int, list[Any], list[Any], float]] = []
    for kind in KINDS:
        own = [one for one in told if one.kind == kind]
        if not own:
            continue
        ends = [_widened(one, scaling) for one in own]
        before = _held(own, [(one.low_seconds, one.high_seconds) for one in own])
        rows.append((kind, len(own), before, _held(own, ends), sum(math.isinf(high) for _, high in ends) / len(own)))
    return rows


def fit_scaling(progress: Listener) -> IntervalScaling:
    """The factors from the fitting cases, which share no seed with the held-out ones."""
    told = _collect(FIT_SEEDS, "fitting cases", progress)
    factors: dict[TimeKind, Widening] = {}
    times: dict[TimeKind, int] = {}
    for kind in KINDS:
        own = [one for one in told if one.kind == kind]
        low, high = [one.low_seconds for one in own], [one.high_seconds for one in own]
        factors[kind] = fit_widening(low, high, [one.true_seconds for one in own], [one.case for one in own], HELD_SHARE)
        times[kind] = len(own)
    return IntervalScaling(
        held_share=HELD_SHARE,
        factors=factors,
        command="medgrpo evaluate forecast --source tracker --fit FILE",
        source="simulated cholecystectomies of 5 to 20 minutes, every second one with a deviation, seen through the noise model",
        first_seed=FIT_SEEDS.start,
        cases=len(FIT_SEEDS),
        noise=tuple(NOISE),
        times=times,
    )


def _collect(seeds: range, words: str, progress: Listener) -> list[Told]:
    """Noise levels take turns."""
    told: list[Told] = []
    levels = tuple(NOISE)
    for place, seed in enumerate(seeds):
        progress(words, place, len(seeds))
        told += told_times(seed, levels[place % len(levels)])
    progress(words, len(seeds), len(seeds))
    return told


def _widened(one: Told, scaling: IntervalScaling) -> tuple[float, float]:
    high = None if math.isinf(one.high_seconds) else one.high_seconds
    low, high = scaling.factors[one.kind].ends(one.low_seconds, high, _RAW.forecast.horizon_seconds)
    return one.low_seconds if low is None else low, math.inf if high is None else high


def _held(told: Sequence[Told], ends: Sequence[tuple[float, float]]) -> list[Any]:
    held: dict[int, list[bool]] = {}
    for one, (low, high) in zip(told, ends, strict=True):
        held.setdefault(one.case, []).append(low <= one.true_seconds <= high)
    return list(ratio_interval([(sum(case), len(case)) for case in held.values()]))
