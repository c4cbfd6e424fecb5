"""Time on the video's own clock: seconds from the first presented frame."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of video time, in seconds from the start of the clip; both ends belong to it."""

    start_seconds: float
    end_seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_seconds <= self.end_seconds < float("inf"):  # NaN fails every comparison
            raise ValueError(f"span must satisfy 0 <= start <= end, got {self.start_seconds}..{self.end_seconds}")

    @property
    def duration_seconds(self) -> float:
        return self.end_seconds - self.start_seconds

    def iou(self, other: Span) -> float:
        """Overlap over union; two identical zero-length spans give 0."""
        shared = min(self.end_seconds, other.end_seconds) - max(self.start_seconds, other.start_seconds)
        shared = max(0.0, shared)
        union = self.duration_seconds + other.duration_seconds - shared
        return shared / union if union > 0 else 0.0


def clock(seconds: float) -> str:
    """`mm:ss`, or `h:mm:ss` from one hour on, rounded down: how a person reads a moment of a video."""
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"a moment of a video is 0 or more seconds, got {seconds}")
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def length(seconds: float) -> str:
    """`41 s`, `9 min 58 s`, `1 h 02 min`: a whole number of seconds, rounded."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min" if whole // 60 % 60 else f"{whole // 3600} h"
