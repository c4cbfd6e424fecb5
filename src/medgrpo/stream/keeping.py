"""What a site keeps beside the record, and for how long."""

from __future__ import annotations

from pydantic import Field

from medgrpo.core import Config
from medgrpo.video import RingLimits

_GROUP_SECONDS = 25.0
"""Room for the group of pictures that a clip begins in."""


class ClipSettings(Config):
    """Clips around each alert that is said, technical ones apart. Nothing is kept unless `keep` says so."""

    keep: bool = False
    before_seconds: float = Field(default=10.0, ge=0, le=120)
    after_seconds: float = Field(default=5.0, ge=0, le=120)

    @property
    def limits(self) -> RingLimits:
        """What must be held of the stream to cut such clips."""
        return RingLimits(self.before_seconds + self.after_seconds + _GROUP_SECONDS)


class Retention(Config):
    """Days after a case is closed until `medgrpo record prune` deletes; None: never. Nothing is deleted by itself."""

    clips_days: float | None = Field(default=None, ge=0)
    evidence_days: float | None = Field(default=None, ge=0)
    case_days: float | None = Field(default=None, ge=0)
    """The whole case, its record included; what was deleted is recorded beside the cases."""
