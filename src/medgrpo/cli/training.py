"""What `train sft` and `train grpo` share: their options, their processes, their progress, how a run is stopped."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import whole

if TYPE_CHECKING:
    from medgrpo.policy import Team

Progress = Callable[[str, int, int], None]
Work = Callable[[argparse.Namespace, "Team", Progress, Callable[[], bool]], int]
"""A run in one process of a team, with a listener for its progress and whether it was asked to stop; the exit code."""
_LINE_SECONDS = 60.0


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The recipe, the folder, the processes."""
    parser.add_argument("recipe", metavar="RECIPE", type=Path, help="the recipe (TOML)")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the run: metrics, checkpoint, model")
    parser.add_argument(
        "--processes",
        metavar="N",
        type=whole,
        default=None,
        help="processes on this machine, one for each GPU (default: one, or what torchrun or `accelerate launch` started)",
    )


def run_training(args: argparse.Namespace, command: str, work: Work) -> int:
    """`work` in this process, in each of those that a launcher started, or in those that are started here; the exit code."""
    from medgrpo.core import InputError, needing

    with needing(f"medgrpo train {command}", "models", "torch", "transformers"):
        from medgrpo.policy import open_team, run_processes
    from medgrpo.analysis import stop_on_signals

    started = os.environ.get("WORLD_SIZE")
    if started is None and args.processes not in (None, 1):
        return run_processes(args.given, args.processes)
    if started is not None and args.processes not in (None, int(started)):
        raise InputError(f"--processes {args.processes}, but the launcher started {started}: leave --processes out")
    launcher = os.getppid()
    with open_team() as team, training_progress(team.first) as progress, stop_on_signals() as asked:
        alone = team.size == 1
        return work(args, team, progress, lambda: asked() or (not alone and os.getppid() != launcher))


@contextmanager
def training_progress(first: bool) -> Generator[Progress]:
    """A bar with the time left; where stderr is no terminal a line a minute. Of the first process only."""
    from medgrpo.cli.progress import titled_progress

    if not first:
        yield _say_nothing
    elif sys.stderr.isatty():
        with titled_progress() as listen:
            yield listen
    else:
        yield Lines(_LINE_SECONDS).listen


def _say_nothing(title: str, done: int, total: int) -> None:
    del title, done, total


class Lines:
    """Progress for a file: a line every so many seconds. The first step tells no speed: it may have begun before this start."""

    def __init__(self, every_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._every, self._now = every_seconds, now
        self._began: tuple[float, int] | None = None
        self._told = now()

    def listen(self, title: str, done: int, total: int) -> None:
        from medgrpo.core import clock

        now = self._now()
        if self._began is None:
            self._began = (now, done)
        elif now - self._told >= self._every:
            self._told = now
            began, before = self._began
            left = (now - began) / (done - before) * (total - done)
            sys.stderr.write(f"medgrpo: {title}, step {done} of {total}, about {clock(left)} left\n")
            sys.stderr.flush()
