"""`medgrpo evaluate alerts`: many simulated operations at several levels of noise, and thresholds from whole operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from medgrpo.core import Config, InputError
from medgrpo.evaluation import noise_level
from medgrpo.knowledge import load_procedure
from medgrpo.simulation import Deviation
from medgrpo.stream import THRESHOLDS, ChannelPolicy, Site, reasoner_config
from medgrpo.trials.bounds import checked_confidence, learn_then_test, operations_needed, p_value, upper_bound
from medgrpo.trials.measure import alert_figures, missed_share, per_hour, predictive_value, sensitivity
from medgrpo.trials.operation import Outcome, stage, watch

HELD_OUT_SEED = 5000
"""Seeds from here on: none was used when design values were set (those were 1000 and up, as in `medgrpo evaluate reasoning`)."""
_CALIBRATION_SEED, _CHECK_SEED = 6000, 8000
PLAYED: Mapping[str, tuple[Deviation, tuple[float, ...]]] = {
    "bleeding": (Deviation.BLEEDING, (0.03, 0.06, 0.08, 0.12, 0.2, 0.3)),
    "energy_without_view": (Deviation.LOST_VIEW, (1.0, 3.0, 5.0, 8.0, 12.0, 20.0)),
    "clip_before_dissection": (Deviation.CLIPPING_BEFORE_CRITICAL_VIEW, (1.0, 0.85, 0.7, 0.5, 0.3, 0.1)),
}
"""By channel that can be calibrated: the deviation with which the simulator plays its events, and the thresholds that are tried,
from the one that alerts most to the one that alerts least. Fixed beforehand, as learn then test asks."""

Progress = Callable[[str, int, int], None]


class TrialSettings(Config):
    """What was run; lies beside the figures. Case k has seed `first_seed + k` and plays deviation k modulo 5, faultless first."""

    cases: int = Field(gt=0)
    minutes: float = Field(gt=0)
    noise: tuple[str, ...] = ("low", "medium", "high")
    looks_per_second: float = Field(default=2.0, gt=0)
    first_seed: int = HELD_OUT_SEED
    processes: int = Field(default=2, ge=1)


class Demand(Config):
    """At most this share of a channel's events missed, with this confidence."""

    channel: str
    miss: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Case:
    """One operation to be watched under every site at every level of noise; everything that a process needs."""

    seed: int
    deviation: Deviation
    minutes: float
    looks_per_second: float
    noise: tuple[str, ...]
    sites: tuple[Site, ...]


def alert_study(settings: TrialSettings, site: Site, progress: Progress) -> dict[str, Any]:
    """Figures by level of noise, ready for JSON. Equal settings give equal figures. InputError for what cannot be run."""
    checked(settings, site)
    plays = tuple(Deviation)
    jobs = [
        _case(settings, settings.first_seed + place, plays[place % len(plays)], settings.noise, (site,))
        for place in range(settings.cases)
    ]
    results = list(_run(jobs, settings.processes, lambda done: progress("operations", done, len(jobs))))
    return {
        "settings": settings.model_dump(mode="json"),
        "site": site.model_dump(mode="json"),
        "levels": {name: alert_figures([outcomes[place][0] for outcomes in results]) for place, name in enumerate(settings.noise)},
    }


def calibrate(settings: TrialSettings, site: Site, demand: Demand, progress: Progress) -> dict[str, Any]:
    """The threshold that meets the demand at each level of noise, or that none does; then a check on other operations.

    `cases` operations that all have events of the channel; the check runs half as many with and half as many without the deviation.
    InputError where the channel has no threshold or the simulator never plays its events.
    """
    checked(settings, site)
    if demand.channel not in PLAYED:
        raise InputError(
            f"{demand.channel}: nothing to calibrate, as this channel has no threshold or no simulated operation has its event; "
            f"there are {', '.join(PLAYED)}"
        )
    threshold, (deviation, grid) = THRESHOLDS[demand.channel], PLAYED[demand.channel]
    checked_confidence(demand.confidence)
    p_value([0.0], demand.miss)
    sites = tuple(with_threshold(site, demand.channel, value) for value in grid)
    jobs = [_case(settings, _CALIBRATION_SEED + place, deviation, settings.noise, sites) for place in range(settings.cases)]
    results = list(_run(jobs, settings.processes, lambda done: progress("calibrating", done, len(jobs))))
    levels: dict[str, Any] = {}
    for place, name in enumerate(settings.noise):
        by_threshold = [[outcomes[place][k] for outcomes in results] for k in range(len(sites))]
        found = judged(demand, grid, by_threshold)
        chosen = found["chosen"]
        if chosen is not None:
            found["check"] = _checked_on_others(
                settings, with_threshold(site, demand.channel, chosen["threshold"]), demand, name, deviation, progress
            )
        levels[name] = found
    return {
        "settings": settings.model_dump(mode="json"),
        "demand": demand.model_dump(mode="json"),
        "measure": threshold.measure,
        "design": threshold.design,
        "method": "learn then test, fixed sequence, whole operations (arXiv 2110.01052)",
        "levels": levels,
    }


def judged(demand: Demand, grid: Sequence[float], by_threshold: Sequence[Sequence[Outcome]]) -> dict[str, Any]:
    """Outcomes of the same operations under each threshold, from the safest on: the curve, what is chosen, the best bound."""
    losses = [_losses(outcomes, demand.channel) for outcomes in by_threshold]
    bounds = [upper_bound(loss, demand.confidence) for loss in losses]
    rows = [
        {
            "threshold": value,
            "operations": len(loss),
            "missed": sum(loss) / len(loss),
            "missed_at_most": bound,
            "sensitivity": sensitivity(outcomes, [demand.channel]),
            "alerts_per_hour": per_hour(outcomes, lambda one: _count(one, demand.channel)),
            "predictive_value": predictive_value(outcomes, [demand.channel]),
        }
        for value, outcomes, loss, bound in zip(grid, by_threshold, losses, bounds, strict=True)
    ]
    chosen = learn_then_test(losses, demand.miss, demand.confidence)
    return {
        "curve": rows,
        "chosen": None if chosen is None else rows[chosen],
        "best_bound": min(bounds),
        "operations_needed": operations_needed(demand.miss, demand.confidence),
    }


def with_threshold(site: Site, channel: str, value: float) -> Site:
    """That site with another threshold for one channel, all else as it was."""
    policy = site.policy(channel).model_copy(update={"threshold": value})
    return site.model_copy(update={"channels": {**site.channels, channel: ChannelPolicy.model_validate(policy.model_dump())}})


def checked(settings: TrialSettings, site: Site) -> None:
    """InputError before anything is run."""
    for name in settings.noise:
        noise_level(name)
    reasoner_config(site)


def _checked_on_others(
    settings: TrialSettings, site: Site, demand: Demand, noise: str, deviation: Deviation, progress: Progress
) -> dict[str, Any]:
    jobs = [
        _case(settings, _CHECK_SEED + place, (deviation, Deviation.NONE)[place % 2], (noise,), (site,))
        for place in range(settings.cases)
    ]
    results = list(_run(jobs, settings.processes, lambda done: progress(f"checking, {noise}", done, len(jobs))))
    outcomes = [one[0][0] for one in results]
    losses = _losses(outcomes, demand.channel)
    faultless = [one for one in outcomes if one.deviation == Deviation.NONE.value]
    return {
        "operations_with_events": len(losses),
        "missed": sum(losses) / len(losses) if losses else None,
        "sensitivity": sensitivity(outcomes, [demand.channel]),
        "alerts_per_hour": per_hour(outcomes, lambda one: _count(one, demand.channel)),
        "alerts_per_hour_faultless": per_hour(faultless, lambda one: _count(one, demand.channel)) if faultless else None,
        "predictive_value": predictive_value(outcomes, [demand.channel]),
    }


def _losses(outcomes: Sequence[Outcome], channel: str) -> list[float]:
    return [loss for outcome in outcomes if (loss := missed_share(outcome, channel)) is not None]


def _count(outcome: Outcome, channel: str) -> int:
    return sum(said.channel == channel for said in outcome.said)


def _case(settings: TrialSettings, seed: int, deviation: Deviation, noise: tuple[str, ...], sites: tuple[Site, ...]) -> _Case:
    return _Case(seed, deviation, settings.minutes, settings.looks_per_second, noise, sites)


def _watched(case: _Case) -> tuple[tuple[Outcome, ...], ...]:
    """Outcomes by level of noise, then by site."""
    procedure = load_procedure("cholecystectomy")
    staged = stage(procedure, case.minutes, case.seed, case.deviation, case.looks_per_second)
    return tuple(
        tuple(watch(staged, looks, procedure, site) for site in case.sites) for looks in (staged.looks(name) for name in case.noise)
    )


def _run(cases: Sequence[_Case], processes: int, progress: Callable[[int], None]) -> Iterator[tuple[tuple[Outcome, ...], ...]]:
    """In order of the cases; in this process where one is enough."""
    progress(0)
    if processes == 1 or len(cases) == 1:
        for done, case in enumerate(cases, 1):
            yield _watched(case)
            progress(done)
        return
    with ProcessPoolExecutor(processes) as pool:
        try:
            for done, outcome in enumerate(pool.map(_watched, cases), 1):
                yield outcome
                progress(done)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def site_lines(channel: str, chosen: Mapping[str, Any]) -> str:
    """What goes into a site's file to use the threshold."""
    return f"[channels.{channel}]\nthreshold = {chosen['threshold']:g}"
