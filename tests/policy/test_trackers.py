"""Figures beside metrics.jsonl: what is written can be read back by the tracker's own reader."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import MissingExtra
from medgrpo.policy import OPENERS, Trackers

pytest.importorskip("torch", reason="needs the extra `models`")


def _line(step: int) -> dict[str, Any]:
    row = {"reward": 0.25 * step, "kl": None}
    return {"step": step, "loss": 1 / (1 + step), "alarms": [], "seconds": {"update": 2}, "keys": {"AVOS/next_action": row}}


def _run(name: Any, folder: Path) -> None:
    """Three steps; killed after the third and gone on with from the second."""
    for steps in ((0, 1, 2), (1, 2, 3)):
        with Trackers((name,), folder, {"model": {"checkpoint": "tiny"}}, steps[0]) as trackers:
            for step in steps:
                trackers.write(_line(step))


def test_tensorboard_holds_every_figure_once_per_step(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", reason="needs the extra `trackers`")
    _run("tensorboard", tmp_path)
    events = reader.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"loss", "seconds/update", "keys/AVOS/next_action/reward"}
    assert [(one.step, one.value) for one in events.Scalars("keys/AVOS/next_action/reward")] == [
        (0, 0),
        (1, 0.25),
        (2, 0.5),
        (3, 0.75),
    ]


def test_mlflow_goes_on_in_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = pytest.importorskip("mlflow.tracking", reason="needs the extra `trackers`")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    _run("mlflow", tmp_path)
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlflow").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("medgrpo").experiment_id])
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "keys/AVOS/next_action/reward")
    assert {(one.step, one.value) for one in history} == {(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.75)}


@pytest.mark.slow
def test_wandb_writes_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="needs the extra `trackers`")
    monkeypatch.setenv("WANDB_MODE", "offline")
    with Trackers(("wandb",), tmp_path, {"model": {"checkpoint": "tiny"}}, 0) as trackers:
        trackers.write(_line(1))
    (written,) = (tmp_path / "wandb").glob("offline-run-*/run-*.wandb")
    assert b"next_action/reward" in written.read_bytes()


@pytest.mark.parametrize("name", list(OPENERS))
def test_a_tracker_that_is_not_installed_is_named(name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [one for one in sys.modules if one.split(".")[0] in ("tensorboard", "wandb", "mlflow")]:
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("tensorboard", "wandb", "mlflow", "mlflow.exceptions", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        MissingExtra, match=rf"the tracker `{name}` needs .*, which is not installed: pip install 'medgrpo\[trackers\]'"
    ):
        Trackers((name,), tmp_path, {}, 0)
