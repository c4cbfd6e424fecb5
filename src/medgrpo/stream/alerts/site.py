"""What a site allows: who may interrupt about what, how often, in which phases. One TOML file per site and procedure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator

from medgrpo.core import Config
from medgrpo.stream.keeping import ClipSettings, Retention
from medgrpo.stream.privacy import Privacy
from medgrpo.video import RingLimits

Role = Literal["watcher", "partner"]


class Budget(Config):
    """At most so many alerts per hour of operation. Medium ones beyond it are not said (and recorded); high ones are, marked."""

    medium_per_hour: int = Field(default=2, ge=0)
    high_per_hour: int = Field(default=1, ge=0)


class ChannelPolicy(Config):
    """How one channel is treated. `phases`: signalled in these only (empty: in all)."""

    role: Role | None = None
    """Another role than the site's for this risk."""
    phases: tuple[str, ...] = ()
    on_after_seconds: float = Field(default=0.6, ge=0)
    """The condition must have stood so long before it is said."""
    refractory_seconds: float = Field(default=120.0, ge=0)
    """After it was said it is not said again within this time."""
    grouped_under: tuple[str, ...] = ()
    """While one of these stands it is not said: they have the same cause."""
    same_within_seconds: float = Field(default=0.0, ge=0)
    """A condition that comes back so soon after it ended goes on with its alert, instead of making another."""
    carries: tuple[str, ...] = ()
    """While one of these stands, an alert of this channel goes on although the channel itself cannot be assessed, and they are not
    said beside it: what began as one ends as the other."""
    threshold: float | None = Field(default=None, gt=0)
    """Of the measure that its rule judges by (THRESHOLDS), instead of the design value; `medgrpo evaluate alerts` gives one."""


CHANNELS: Mapping[str, ChannelPolicy] = {
    "energy_without_view": ChannelPolicy(grouped_under=("video_lost", "video_frozen")),
    "view": ChannelPolicy(
        grouped_under=("video_lost", "video_frozen", "out_of_domain"),
        on_after_seconds=3.0,
        same_within_seconds=10.0,
        carries=("out_of_domain",),
    ),
    "video_lost": ChannelPolicy(refractory_seconds=10.0, same_within_seconds=10.0),
    "video_frozen": ChannelPolicy(refractory_seconds=10.0, same_within_seconds=10.0, grouped_under=("video_lost",)),
    "video_damaged": ChannelPolicy(grouped_under=("video_lost", "video_frozen")),
    "out_of_domain": ChannelPolicy(grouped_under=("video_lost", "video_frozen"), on_after_seconds=10.0, same_within_seconds=10.0),
}
"""Where a channel's policy is another than ChannelPolicy's own defaults, as long as the site does not write it."""


def _over(default: ChannelPolicy, given: ChannelPolicy) -> ChannelPolicy:
    return default.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})


class Site(Config):
    """Defaults: watcher, which records and shows but never sounds. All times are design values of ours, no clinical ones."""

    name: str = "default"
    procedure: str = "laparoscopic_cholecystectomy"
    role: Role = "watcher"
    budget: Budget = Budget()
    privacy: Privacy = Privacy()
    escalate_after_seconds: float = Field(default=60.0, gt=0)
    """A medium or low alert that nobody acknowledges goes up one step after this time, once."""
    clips: ClipSettings = ClipSettings()
    retention: Retention = Retention()
    channels: Mapping[str, ChannelPolicy] = CHANNELS
    """Goes over CHANNELS field by field: a channel that is not given, and a field that is not, stay as they are there."""

    @field_validator("channels")
    @classmethod
    def _over_the_defaults(cls, given: Mapping[str, ChannelPolicy]) -> Mapping[str, ChannelPolicy]:
        return {**CHANNELS, **{name: _over(CHANNELS.get(name, ChannelPolicy()), policy) for name, policy in given.items()}}

    @property
    def packets_held(self) -> RingLimits | None:
        """What is held of the stream's packets; None where no clip is cut from them: none is kept, or all are encoded."""
        covered = self.privacy.find_text or bool(self.privacy.masks_xyxy)
        return self.clips.limits if self.clips.keep and not covered else None

    def policy(self, channel: str) -> ChannelPolicy:
        """That channel's, or the defaults."""
        return self.channels.get(channel, ChannelPolicy())

    def role_for(self, channel: str) -> Role:
        return self.policy(channel).role or self.role
