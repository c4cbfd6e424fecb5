"""What ids of a record are called, by the procedure that the case follows. Without it ids stand for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from medgrpo.core import MedgrpoError
from medgrpo.knowledge import Procedure, label, load_procedure
from medgrpo.stream import TECHNICAL_CHANNELS


class Names:
    """`procedure_id` as the site's file names it."""

    def __init__(self, procedure_id: str | None) -> None:
        self._id = procedure_id

    @cached_property
    def _procedure(self) -> Procedure | None:
        if self._id is None or self._id.endswith(".toml"):
            return None  # a record may come from elsewhere: what it names is not opened as a file here
        try:
            return load_procedure(self._id)
        except MedgrpoError:
            return None  # named on the page by its id alone

    @property
    def procedure(self) -> str | None:
        return self._id if self._procedure is None else self._procedure.name

    @property
    def phases(self) -> list[dict[str, Any]]:
        """In their usual order."""
        procedure = self._procedure
        return [] if procedure is None else [{"id": phase.id, "name": phase.name} for phase in procedure.phases]

    def goals(self) -> list[dict[str, Any]]:
        procedure = self._procedure
        goals = [] if procedure is None else [(phase, goal) for phase in procedure.phases for goal in phase.sub_goals]
        return [{"goal": goal.id, "phase": phase.id, **self.goal(goal.id)} for phase, goal in goals]

    def goal(self, goal_id: str) -> dict[str, Any]:
        found = None
        if self._procedure is not None:
            found = next((goal for phase in self._procedure.phases for goal in phase.sub_goals if goal.id == goal_id), None)
        return {"name": goal_id, "criterion": ""} if found is None else {"name": found.name, "criterion": found.criterion}

    def channel(self, channel: str) -> str:
        if channel in TECHNICAL_CHANNELS:
            return TECHNICAL_CHANNELS[channel].what
        hazards: Mapping[str, str] = {} if self._procedure is None else {one.id: one.name for one in self._procedure.hazards}
        return hazards.get(channel, channel)

    def option(self, kind: str, option_id: str) -> str:
        """Of a forecast: a phase, a step or an action."""
        if self._procedure is not None:
            names = {phase.id: phase.name for phase in self._procedure.phases}
            names |= {step.id: step.name for phase in self._procedure.phases for step in phase.steps}
            if option_id in names:
                return names[option_id]
        if kind == "action" and option_id.count(",") == 2:
            instrument, verb, target = option_id.split(",")
            return f"{label(instrument)}: {label(verb)} {label(target)}"
        return option_id

    def source(self, key: str) -> dict[str, Any]:
        """What a citation's key stands for; `checked` None where the procedure's file does not know it."""
        found = None
        if self._procedure is not None:
            found = next((one for one in self._procedure.citations if one.key == key), None)
        if found is None:
            return {"title": key, "source": "", "year": None, "link": None, "checked": None}
        return {"title": found.title, "source": found.source, "year": found.year, "link": found.link, "checked": found.checked}
