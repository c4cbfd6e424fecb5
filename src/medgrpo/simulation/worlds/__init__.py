"""Worlds beside cholecystectomy: simpler drawings of unlike difficulty, with exact truth, for training and testing models."""

from medgrpo.simulation.worlds.script import Deed, SeenTool, Segment, WorldFrame, WorldScript
from medgrpo.simulation.worlds.table import WORLDS, simulate_world
from medgrpo.simulation.worlds.world import WorldCase
from medgrpo.simulation.worlds.write import write_world

__all__ = ["WORLDS", "Deed", "SeenTool", "Segment", "WorldCase", "WorldFrame", "WorldScript", "simulate_world", "write_world"]
