"""`medgrpo bench analyze`: each run in a process of its own, so that peaks of memory are its own too."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from medgrpo import __version__
from medgrpo.bench.figures import RunFigures
from medgrpo.core import Config, InputError, MissingExtra


class AnalysisBench(Config):
    """Ours and the peer's figures from one sitting on one machine."""

    medgrpo_version: str
    video: str
    looks_per_second: float
    rounds: int
    processors: int
    python: str
    system: str
    ours: RunFigures
    peer: RunFigures

    def as_json(self) -> str:
        """The file of `--json`: our figures at the top level, the peer's under `peer`."""
        values = self.model_dump(exclude={"ours", "peer"}) | self.ours.model_dump() | {"peer": self.peer.model_dump()}
        return json.dumps(values, indent=1)


def require_peer() -> None:
    """MissingExtra when there is nothing to compare with."""
    if find_spec("cv2") is None:
        raise MissingExtra("medgrpo bench", "bench", "OpenCV")


def bench_analysis(video: Path, looks_per_second: float, rounds: int = 1) -> AnalysisBench:
    """Measure one video, ours and the peer by turns; of each the fastest of `rounds` counts: what else runs only slows down.

    InputError when a run fails, with the run's own words.
    """
    require_peer()
    runs = [
        (_in_own_process("ours", video, looks_per_second), _in_own_process("peer", video, looks_per_second)) for _ in range(rounds)
    ]
    return AnalysisBench(
        medgrpo_version=__version__,
        video=video.name,
        looks_per_second=looks_per_second,
        processors=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        rounds=rounds,
        ours=max((ours for ours, _ in runs), key=lambda run: run.realtime_factor),
        peer=max((peer for _, peer in runs), key=lambda run: run.realtime_factor),
    )


def _in_own_process(which: Literal["ours", "peer"], video: Path, looks_per_second: float) -> RunFigures:
    command = [sys.executable, "-m", "medgrpo.bench", which, str(video), str(looks_per_second)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise InputError(f"the run {which!r} of the benchmark failed: {lines[-1] if lines else f'exit {done.returncode}'}")
    return RunFigures.model_validate_json(done.stdout)
