"""Every world beside cholecystectomy, one line each, and the making of a case."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from medgrpo.core import InputError
from medgrpo.simulation.worlds.bench_suturing import BenchSuturing
from medgrpo.simulation.worlds.open_surgery import OpenSurgery
from medgrpo.simulation.worlds.submucosal_dissection import SubmucosalDissection
from medgrpo.simulation.worlds.world import World, WorldCase

WORLDS: Mapping[str, World] = {world.name: world for world in (BenchSuturing(), SubmucosalDissection(), OpenSurgery())}
"""By the name that the command line takes."""
LEAST_SECONDS = 30.0


def simulate_world(
    world: str, minutes: float, seed: int, *, size_wh: tuple[int, int] = (320, 180), frame_rate: Fraction | int = 10
) -> WorldCase:
    """A case of that world and length. Equal arguments give an equal case, pixel for pixel. InputError names what cannot be."""
    width, height = size_wh
    rate = Fraction(frame_rate)
    if world not in WORLDS:
        raise InputError(f"{world}: no such world; there are {', '.join(WORLDS)}")
    if not LEAST_SECONDS <= minutes * 60 <= 3600:
        raise InputError(f"a case of {world} can be simulated in 0.5 to 60 minutes, not {minutes:g}")
    if not (160 <= width <= 3840 and 120 <= height <= 2160 and width % 2 == 0 and height % 2 == 0):
        raise InputError(f"the picture must be 160x120 to 3840x2160 with even sides, not {width}x{height}")
    if not 1 <= rate <= 120:
        raise InputError(f"the frame rate must be 1 to 120 frames a second, not {float(rate):g}")
    if not 0 <= seed <= 9999:
        raise InputError(f"the seed must be 0 to 9999, not {seed}")
    kind = WORLDS[world]
    stage_rng, scene_rng = np.random.default_rng((seed, list(WORLDS).index(world))).spawn(2)
    stage = kind.stage(width, height, stage_rng)
    return WorldCase(world, kind.labels, seed, size_wh, rate, stage, kind.scene(stage, minutes * 60, scene_rng))
