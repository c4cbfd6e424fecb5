"""What `simulate`, `demo` and `bench analyze` share: the arguments of a simulated case, and making one with progress."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import positive

if TYPE_CHECKING:
    from medgrpo.simulation import Case

DEVIATIONS = ("division_before_clipping", "clipping_before_critical_view", "bleeding", "lost_view")
"""The simulation room's deviations by name; written out here because `--help` must not import that room. A test compares."""
WORLDS = ("bench-suturing", "submucosal-dissection", "open-surgery")
"""Its worlds beside cholecystectomy, likewise."""
_CHOLECYSTECTOMY, _DRAWN = "cholecystectomy", "laparoscopic_cholecystectomy"


def add_case_arguments(parser: argparse.ArgumentParser, minutes: float) -> None:
    parser.add_argument(
        "--minutes",
        metavar="M",
        type=positive,
        default=minutes,
        help=f"length of the operation, 2 or more, of the simpler drawings 0.5 or more (default: {minutes:g})",
    )
    parser.add_argument("--seed", metavar="N", type=int, default=7, help="which operation: equal seeds, equal cases (default: 7)")
    parser.add_argument(
        "--deviation",
        metavar="NAME",
        choices=DEVIATIONS,
        action="append",
        default=[],
        help=f"something that goes wrong; may be given several times: {', '.join(DEVIATIONS)}",
    )


def simulate_with_progress(
    out_dir: Path,
    *,
    minutes: float,
    seed: int,
    deviations: Sequence[str] = (),
    procedure: str = "cholecystectomy",
    size_wh: tuple[int, int] = (640, 360),
    frame_rate: int = 25,
    frames: bool = False,
) -> Path:
    """Simulate a case into `out_dir`; the path of its video. InputError when the case cannot be or the folder not be written."""
    from medgrpo.cli.output import writing
    from medgrpo.cli.progress import progress_bars
    from medgrpo.core import InputError
    from medgrpo.simulation import simulate_world, write_case, write_world

    if procedure in WORLDS and deviations:
        raise InputError(f"--deviation is for cholecystectomy: {procedure} knows none")
    if procedure in WORLDS:
        world = simulate_world(procedure, minutes, seed, size_wh=size_wh, frame_rate=frame_rate)
        write = partial(write_world, world)
    else:
        write = partial(write_case, _operation(procedure, minutes, seed, deviations, size_wh, frame_rate))
    with writing(out_dir), progress_bars() as bars:
        task = bars.add_task("simulating", at="")

        def listen(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total, at=f"frame {done} of {total}")

        write(out_dir, frames=frames, progress=listen)
    return out_dir / "case.mp4"


def _operation(
    procedure: str, minutes: float, seed: int, deviations: Sequence[str], size_wh: tuple[int, int], frame_rate: int
) -> Case:
    from medgrpo.core import InputError, nearest_first
    from medgrpo.knowledge import PROCEDURES, load_procedure
    from medgrpo.simulation import Deviation, simulate

    if not procedure.endswith(".toml") and PROCEDURES.get(procedure) != _DRAWN:
        there = ", ".join(nearest_first(procedure, (_CHOLECYSTECTOMY, *WORLDS)))
        raise InputError(
            f"--procedure: {procedure!r} cannot be drawn; there are {there}; or give a .toml file of a procedure with CholecT50's "
            f"seven phases"
        )
    chosen = tuple(Deviation(name) for name in deviations)
    return simulate(load_procedure(procedure), minutes, seed, chosen, size_wh=size_wh, frame_rate=frame_rate)
