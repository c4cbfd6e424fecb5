"""Where live video comes from: one file per kind, and the reading of what a user names."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from medgrpo.core import InputError
from medgrpo.stream.arrival import LiveSource
from medgrpo.stream.clock import Clock
from medgrpo.stream.sources.file import FileSource
from medgrpo.stream.sources.network import NetworkSource
from medgrpo.stream.sources.simulated import SimulatedSource
from medgrpo.stream.sources.webrtc import WebRtcSource
from medgrpo.video import LiveReading, RingLimits

SIMULATOR = "simulator"
"""The name under which the endless simulator is asked for; `simulator:SEED` chooses where it begins."""


def open_source(name: str, clock: Clock, speed: float = 1.0, loops: int = 1, keep: RingLimits | None = None) -> LiveSource:
    """The source of a file, /dev/videoN, an address with a scheme, or `simulator[:SEED]`; InputError when it is none of these.

    `keep`: hold so much of the compressed packets, where the source has any.
    """
    if name == SIMULATOR or name.startswith(f"{SIMULATOR}:"):
        seed = name.partition(":")[2] or "7"
        if not seed.isdecimal() or int(seed) > 9999:
            raise InputError(f"{name}: the seed is a whole number from 0 to 9999")
        return SimulatedSource(clock, seed=int(seed), speed=speed, cases=loops)
    if "://" in name or name.startswith("/dev/video"):
        if speed != 1:
            raise InputError("--speed is for files and the simulator: a live source has its own")
        return (
            WebRtcSource(name, clock)
            if name.startswith("webrtc://")
            else NetworkSource(name, clock, partial(LiveReading, keep=keep))
        )
    if not Path(name).is_file():
        raise InputError(f"{name}: no such file; give a file, /dev/videoN, an address such as rtsp://host/stream, or simulator")
    return FileSource(Path(name), clock, speed, loops, keep)


__all__ = ["SIMULATOR", "FileSource", "NetworkSource", "SimulatedSource", "WebRtcSource", "open_source"]
