"""What of the procedure's sub-goals is new: achieved, under way, missing, not assessed. Looked at once a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medgrpo.reasoning import Reasoner
from medgrpo.stream.tick import Tick

_EVERY_SECONDS = 1.0


class Goals:
    """Told of every tick; gives the sub-goals whose level or reason has changed since, as a record holds them."""

    def __init__(self, reasoner: Reasoner) -> None:
        self._reasoner = reasoner
        self._known: dict[str, tuple[str, str]] = {}
        self._looked_seconds = float("-inf")

    def changed(self, tick: Tick) -> Sequence[dict[str, Any]]:
        if tick.observation is None or tick.case_seconds - self._looked_seconds < _EVERY_SECONDS:
            return ()
        self._looked_seconds = tick.case_seconds
        latest = {state.sub_goal: state for state in self._reasoner.sub_goals()}
        new = [state for goal, state in latest.items() if self._known.get(goal) != (state.level.value, state.why)]
        self._known |= {state.sub_goal: (state.level.value, state.why) for state in new}
        return [
            {
                "goal": state.sub_goal,
                "phase": state.phase,
                "level": state.level.value,
                "why": state.why,
                "since_seconds": state.span.start_seconds,
                "citations": list(state.citations),
            }
            for state in new
        ]
