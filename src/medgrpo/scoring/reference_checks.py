"""Every reference of a file through its task: written, read back and scored, it must be the best answer."""

from __future__ import annotations

from medgrpo.scoring.records import Records
from medgrpo.tasks import TASKS, Validation, task_of, validate


def validate_records(records: Records) -> list[Validation]:
    """One result per task that occurs; records of no known type are left out."""
    groups: dict[str, list[tuple[str, object, str]]] = {}
    for record in records.records:
        task = task_of(record.qa_type)
        if task is not None:
            groups.setdefault(task.card.name, []).append((record.place, record.struc_info, record.gnd))
    return [validate(TASKS[name], members) for name, members in groups.items()]
