"""Progress on stderr, with the time left; nothing where stderr is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from medgrpo.analysis import Progress as Done
from medgrpo.analysis import ProgressListener
from medgrpo.core import clock


@contextmanager
def shown_progress() -> Generator[ProgressListener]:
    """A listener that draws one bar per video."""
    with progress_bars() as bars:
        tasks: dict[str, TaskID] = {}

        def listen(done: Done) -> None:
            if done.video not in tasks:
                tasks[done.video] = bars.add_task(done.video, total=done.duration_seconds, at="")
            whole = "?" if done.duration_seconds is None else clock(done.duration_seconds)
            words = f"{clock(done.seconds)} of {whole}" if done.stage == "looking" else "writing the report"
            bars.update(tasks[done.video], completed=done.seconds, at=words)

        yield listen


class _Elapsed(TimeElapsedColumn):
    """`elapsed 0:00:18,` so that it is not read as the time left, which stands after it."""

    def render(self, task: Task) -> Text:
        return Text.assemble("elapsed ", super().render(task), ",")


def progress_bars() -> Progress:
    """Bars with a share, the time since the start and the time left; `at` is a field for words."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[at]}"),
        _Elapsed(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )


@contextmanager
def titled_progress() -> Generator[Callable[[str, int, int], None]]:
    """A listener `(title, done, total)` that draws one bar per piece of work; a title may go on with `: words` that change."""
    with progress_bars() as bars:
        tasks: dict[str, TaskID] = {}

        def listen(title: str, done: int, total: int) -> None:
            name, _, words = title.partition(": ")
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total, completed=done, at="")  # what was there before tells no speed
            bars.update(tasks[name], completed=done, at=words)

        yield listen
