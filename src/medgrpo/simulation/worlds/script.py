"""What happens in a world before a pixel is drawn: frozen, in seconds from the start of the video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medgrpo.core import Box, Span


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch with one label."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What one tool does to what in a stretch: the facts from which sentences are made."""

    span: Span
    tool: str
    verb: str
    target: str


@dataclass(frozen=True, slots=True)
class WorldScript:
    """`actions` are gapless and in order, so are `phases` (one phase where a world has none). `skill`: aspect to grade 1..5,
    None in worlds that are not graded."""

    duration_seconds: float
    phases: tuple[Segment, ...]
    actions: tuple[Segment, ...]
    deeds: tuple[Deed, ...]
    skill: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        for name, parts in (("phases", self.phases), ("actions", self.actions)):
            ends = [0.0, *(part.span.end_seconds for part in parts)]
            if not parts or any(abs(part.span.start_seconds - end) > 1e-6 for part, end in zip(parts, ends, strict=False)):
                raise ValueError(f"the {name} of a script follow one another without a gap, from 0")
            if abs(ends[-1] - self.duration_seconds) > 1e-6:
                raise ValueError(f"the {name} of a script end with it, at {self.duration_seconds} s, not {ends[-1]} s")

    def action_at(self, seconds: float) -> Segment:
        """The action at that moment; the last one from its start on."""
        return next((part for part in self.actions if seconds < part.span.end_seconds), self.actions[-1])

    def phase_at(self, seconds: float) -> Segment:
        """The phase at that moment; the last one from its start on."""
        return next((part for part in self.phases if seconds < part.span.end_seconds), self.phases[-1])


@dataclass(frozen=True, slots=True)
class SeenTool:
    """A tool in the picture and the rectangle round its visible working end."""

    name: str
    box_xyxy: Box


@dataclass(frozen=True, slots=True)
class WorldFrame:
    """All that is true of one frame; `tools` is empty while the camera looks elsewhere."""

    index: int
    seconds: float
    phase: str
    action: str
    tools: tuple[SeenTool, ...]


def gapless(parts: list[tuple[str, float]], seconds: float) -> tuple[Segment, ...]:
    """Labels with lengths in any unit, one after the other, stretched to `seconds` in all."""
    total = sum(length for _, length in parts)
    clock, made = 0.0, list[Segment]()
    for place, (label, length) in enumerate(parts):
        end = seconds if place == len(parts) - 1 else clock + length / total * seconds
        made.append(Segment(Span(clock, end), label))
        clock = end
    return tuple(made)
