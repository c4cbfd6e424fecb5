"""The measures that rules judge by, channel by channel, and how a threshold of one becomes settings of the reasoner.

Only channels whose condition is a number that is compared with another stand here. The rest (a clip or no clip before a division)
have no threshold that could be moved, only the perception below them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from medgrpo.core import Config, InputError
from medgrpo.reasoning import ReasonerConfig
from medgrpo.stream.alerts import Site


@dataclass(frozen=True, slots=True)
class Threshold:
    """`measure` in words with its unit; `design` what stands in ReasonerConfig; `settings` the reasoner's settings with another."""

    measure: str
    design: float
    settings: Callable[[ReasonerConfig, float], ReasonerConfig]


def _blood(config: ReasonerConfig, value: float) -> ReasonerConfig:
    share = config.event.blood_off / config.event.blood_on  # the lower of the two thresholds keeps its place below the upper one
    return _with(config, "event", config.event, blood_on=value, blood_off=share * value)


def _energy(config: ReasonerConfig, value: float) -> ReasonerConfig:
    return _with(config, "risk", config.risk, energy_unseen_seconds=value)


def _early_clip(config: ReasonerConfig, value: float) -> ReasonerConfig:
    return _with(config, "risk", config.risk, low_end_share=value)


def _prolonged(config: ReasonerConfig, value: float) -> ReasonerConfig:
    return _with(config, "risk", config.risk, prolonged_factor=value)


_DESIGN = ReasonerConfig()
THRESHOLDS: Mapping[str, Threshold] = {
    "bleeding": Threshold(
        "rise of the blood measure above its baseline, share of the picture's circle",
        _DESIGN.event.blood_on,
        _blood,
    ),
    "energy_without_view": Threshold(
        "seconds without view after energy was at work",
        _DESIGN.risk.energy_unseen_seconds,
        _energy,
    ),
    "clip_before_dissection": Threshold(
        "share of the low end of the typical dissection, at the operation's pace, below which a clip is early",
        _DESIGN.risk.low_end_share,
        _early_clip,
    ),
    "prolonged_dissection": Threshold(
        "length of the dissection in high ends of the typical one",
        _DESIGN.risk.prolonged_factor,
        _prolonged,
    ),
}
"""By channel. One entry more makes a channel's threshold settable per site."""


def reasoner_config(site: Site, holds_seconds: float | None = None) -> ReasonerConfig:
    """The reasoner's settings with the site's thresholds, and for how long a look stands where that is not the design's.

    InputError where a channel has no threshold, or a value is out of range.
    """
    config = _DESIGN if holds_seconds is None else _with(_DESIGN, "look", _DESIGN.look, holds_seconds=holds_seconds)
    for channel, policy in site.channels.items():
        if policy.threshold is None:
            continue
        if channel not in THRESHOLDS:
            raise InputError(f"channels.{channel}.threshold: this channel has none; {', '.join(THRESHOLDS)} have")
        try:
            config = THRESHOLDS[channel].settings(config, policy.threshold)
        except ValidationError as error:
            why = error.errors(include_url=False)[0]["msg"]
            raise InputError(f"channels.{channel}: threshold {policy.threshold:g}: {why}") from error
    return config


def _with(config: ReasonerConfig, name: str, part: Config, **values: float) -> ReasonerConfig:
    """Validated anew, as a threshold comes from a file; pydantic's error where it cannot be."""
    merged: dict[str, Any] = {**part.model_dump(), **values}
    return config.model_copy(update={name: type(part).model_validate(merged)})
