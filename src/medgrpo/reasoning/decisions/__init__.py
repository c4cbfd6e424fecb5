"""The decisions that are thought about: one file per decision, one line here. Each looks at a situation and may decline."""

from __future__ import annotations

from collections.abc import Callable

from medgrpo.reasoning.chain import Thought
from medgrpo.reasoning.decisions import bleeding, clip, dissect, divide, extract, order, plane, progress, view
from medgrpo.reasoning.situation import Situation

DECISIONS: tuple[Callable[[Situation], Thought | None], ...] = (
    dissect.think,
    progress.think,
    clip.think,
    divide.think,
    plane.think,
    extract.think,
    bleeding.think,
    view.think,
    order.think,
)

__all__ = ["DECISIONS"]
