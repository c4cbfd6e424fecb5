"""Where a run's figures go besides metrics.jsonl, by choice: one function per tracker, one line in OPENERS.

    tensorboard   event files in RUN/tensorboard; steps that a resumed run makes again replace those of before
    wandb         a run of the project `medgrpo` below RUN/wandb; WANDB_MODE, WANDB_ENTITY and the like decide where it goes
    mlflow        a run of the experiment `medgrpo` at MLFLOW_TRACKING_URI, by default files in RUN/mlflow; steps that are made
                  again are there twice, with their times

Only the first process writes. A resumed run goes on in the same place.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from medgrpo.core import InputError, MissingExtra

TrackerName = Literal["tensorboard", "wandb", "mlflow"]


class Tracker(Protocol):
    """Takes a step's figures."""

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """All figures of a step that are known."""
        ...

    def close(self) -> None:
        """Nothing is lost after this."""
        ...


class Trackers:
    """Those that a recipe names, opened together; a context, which closes them."""

    def __init__(self, names: Sequence[TrackerName], folder: Path, told: Mapping[str, Any], step: int) -> None:
        self._open: list[Tracker] = []
        self._stack = ExitStack()
        for name in names:
            try:
                tracker = OPENERS[name](folder, told, step)
            except ModuleNotFoundError as error:
                raise MissingExtra(f"the tracker `{name}`", "trackers", error.name or name) from error
            self._stack.callback(tracker.close)
            self._open.append(tracker)

    def write(self, line: Mapping[str, Any]) -> None:
        """One line of metrics.jsonl."""
        if self._open:
            figures = flat(line)
            for tracker in self._open:
                tracker.write(line["step"], figures)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def flat(line: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Numbers of a line by path, `keys/CholecT50/next_action/reward`; what is not known, and the step itself, is left out."""
    found: dict[str, float] = {}
    for name, value in line.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{path}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and path != "step":
            found[path] = float(value)
    return found


class _TensorBoard:
    def __init__(self, folder: Path, told: Mapping[str, Any], step: int) -> None:
        del told
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"), purge_step=step)

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class _Wandb:
    def __init__(self, folder: Path, told: Mapping[str, Any], step: int) -> None:
        del step
        import wandb

        name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        try:
            self._run: Any = wandb.init(
                project="medgrpo", dir=str(folder), id=name, name=folder.name, config=dict(told), resume="allow",
                settings=wandb.Settings(silent=True),
            )  # fmt: skip
        except wandb.Error as error:
            raise InputError(f"wandb: {error}; `wandb login`, or WANDB_MODE=offline") from error

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        self._run.log(dict(figures), step=step)

    def close(self) -> None:
        import wandb

        self._run.finish()
        wandb.teardown()  # finish() returns before the process that writes the file has done so


class _Mlflow:
    def __init__(self, folder: Path, told: Mapping[str, Any], step: int) -> None:
        del step
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        where = os.environ.get("MLFLOW_TRACKING_URI")
        if where is None:
            where = (folder / "mlflow").resolve().as_uri()
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self._errors = MlflowException
        try:
            self._client: Any = MlflowClient(tracking_uri=where)
            experiment = self._client.get_experiment_by_name("medgrpo")
            known = self._client.create_experiment("medgrpo") if experiment is None else experiment.experiment_id
            own = str(folder.resolve())
            found = self._client.search_runs([known], f"tags.folder = '{own}'")
            if found:
                self._run = found[0].info.run_id
            else:
                self._run = self._client.create_run(known, tags={"folder": own}, run_name=folder.name).info.run_id
                self._client.log_dict(self._run, dict(told), "recipe.json")
        except MlflowException as error:
            raise InputError(f"mlflow at {where}: {str(error).splitlines()[0]}") from error

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        told = [Metric(name, value, now, step) for name, value in figures.items()]
        for first in range(0, len(told), 1000):  # as many as one call may carry
            self._client.log_batch(self._run, told[first : first + 1000])

    def close(self) -> None:
        self._client.set_terminated(self._run)


OPENERS: Mapping[TrackerName, Callable[[Path, Mapping[str, Any], int], Tracker]] = {
    "tensorboard": _TensorBoard,
    "wandb": _Wandb,
    "mlflow": _Mlflow,
}
