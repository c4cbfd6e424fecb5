"""Scripted operations rendered to video, with exact ground truth. A drawing: never evidence of accuracy on real surgery."""

from medgrpo.simulation.case import Case, FrameTruth, VisibleTip, scripted, simulate
from medgrpo.simulation.plan import LEAST_MINUTES
from medgrpo.simulation.script import Action, Deviation, Event, EventKind, PhaseSpan, Script, ViewKind, Visit
from medgrpo.simulation.worlds import (
    WORLDS,
    Deed,
    SeenTool,
    Segment,
    WorldCase,
    WorldFrame,
    WorldScript,
    simulate_world,
    write_world,
)
from medgrpo.simulation.write import NOTICE, labels, write_case

__all__ = [
    "LEAST_MINUTES",
    "NOTICE",
    "WORLDS",
    "Action",
    "Case",
    "Deed",
    "Deviation",
    "Event",
    "EventKind",
    "FrameTruth",
    "PhaseSpan",
    "Script",
    "SeenTool",
    "Segment",
    "ViewKind",
    "VisibleTip",
    "Visit",
    "WorldCase",
    "WorldFrame",
    "WorldScript",
    "labels",
    "scripted",
    "simulate",
    "simulate_world",
    "write_case",
    "write_world",
]
