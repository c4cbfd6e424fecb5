"""What lmms-eval loads when it looks for models: ours, and on that occasion our tasks.

lmms-eval 0.7.3 has an entry point for models and none for tasks: those are found by `--include_path` alone (`LMMS_EVAL_PLUGINS` is
read after the tasks were listed, and so changes nothing). So that `--tasks medvidbench` works as it stands, the folder of our task
files is added to the paths that its TaskManager searches.
"""

from __future__ import annotations

from functools import wraps
from importlib.resources import files
from typing import Any

from lmms_eval.models.registry_v2 import ModelManifest

TASKS_FOLDER = str(files("medgrpo.harness").joinpath("tasks"))


def manifests() -> list[ModelManifest]:
    """The models by name, for lmms-eval's registry."""
    _find_tasks()
    return [ModelManifest(model_id="medgrpo", chat_class_path="medgrpo.harness.model.MedgrpoModel")]


def _find_tasks() -> None:
    from lmms_eval.tasks import TaskManager

    search = TaskManager.initialize_tasks

    @wraps(search)
    def with_ours(self: Any, include_path: str | list[str] | None = None, include_defaults: bool = True) -> Any:
        given = [include_path] if isinstance(include_path, str) else list(include_path or [])
        return search(self, include_path=[*given, TASKS_FOLDER], include_defaults=include_defaults)

    TaskManager.initialize_tasks = with_ours
