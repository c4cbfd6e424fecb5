"""The format factor: what an answer's reward is multiplied by for the way it is written."""

from __future__ import annotations

from typing import Any

from medgrpo.core import Unparsed
from medgrpo.tasks import AnyTask


def format_factor(task: AnyTask, reply: str, answer: Any, off_form: float) -> float:
    """0 for a reply that holds no answer, 1 for one written as the references are, `off_form` (0..1) for any other readable one.

    The strict parser reads more forms than the leaderboard's; a model that drifts into one of them would lose points there.
    """
    if isinstance(answer, Unparsed):
        return 0.0
    return 1.0 if reply.split() == task.write(answer).split() else off_form
