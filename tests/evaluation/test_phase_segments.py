"""Phases across stretches that could not be assessed."""

from __future__ import annotations

from medgrpo.core import Span
from medgrpo.evaluation.timeline import phase_segments
from medgrpo.reasoning import Coverage, Evidence, PhaseSegment, Timeline

LOOK = Evidence((0.0,), 0.0, "scripted", 0.5)


def part(start: float, end: float, phase: str | None) -> PhaseSegment:
    return PhaseSegment(Span(start, end), phase, 0.5, LOOK, None if phase else "black picture")


def test_the_same_phase_on_both_sides_of_a_loss_is_one_segment() -> None:
    phases = (part(0, 10, "preparation"), part(10, 12, None), part(12, 20, "preparation"), part(20, 25, None), part(25, 30, "b"))
    timeline = Timeline(30, phases, (), (), (), (), (), Coverage(23, {"black picture": 7}), "unknown", ("scripted",))
    assert phase_segments(timeline) == [("preparation", Span(0, 20)), ("b", Span(25, 30))]
