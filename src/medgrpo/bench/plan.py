"""`medgrpo bench plan`: plans held against real runs of three unlike recipes, on models small enough for two cores."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path

from medgrpo import __version__
from medgrpo.core import Config, needing


class PlanSide(Config):
    """One recipe. Bytes and seconds as planned and as found; the whole process is its largest resident size, less that of the same
    run with a network of two narrow layers, which is the libraries' own.

    `tokens_equal`: every prompt, and every step of fine-tuning, has the tokens that were planned.
    """

    recipe: str
    parameters: int
    prompts: int
    longest_prompt: int
    tokens_equal: bool
    planned_bytes: dict[str, int]
    found_bytes: dict[str, int]
    planned_seconds: float
    found_seconds: float

    def ratios(self) -> dict[str, float]:
        """Planned over found."""
        bytes_ = {name: self.planned_bytes[name] / found for name, found in self.found_bytes.items() if found}
        return bytes_ | {"seconds": self.planned_seconds / self.found_seconds}


class PlanBench(Config):
    """Seconds are of processor time, one thread, of a step."""

    medgrpo_version: str
    sides: list[PlanSide]
    processors: int
    system: str


def bench_plan(steps: int, scale: int, resident: bool = True) -> PlanBench:
    """`scale` multiplies the widths; without `resident` whole processes are left out. MissingExtra without the extra `models`."""
    with needing("medgrpo bench plan", "models", "torch", "transformers"):
        from medgrpo.bench.plan_sides import compare_all
    with tempfile.TemporaryDirectory() as folder:
        sides = compare_all(Path(folder), steps, scale, resident)
    return PlanBench(
        medgrpo_version=__version__, sides=sides, processors=os.cpu_count() or 1, system=f"{platform.system()} {platform.machine()}"
    )
