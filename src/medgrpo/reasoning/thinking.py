"""Thinks at the moments that matter, and keeps only what the checker lets pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from medgrpo.knowledge import Procedure
from medgrpo.reasoning.chain import RefusedThought, Thought
from medgrpo.reasoning.checker import faults
from medgrpo.reasoning.decisions import DECISIONS
from medgrpo.reasoning.language import say
from medgrpo.reasoning.situation import Situation

Decision = Callable[[Situation], Thought | None]


class Thinker:
    """Give it situations in order of time. The same decision is not thought about again within `apart_seconds`."""

    def __init__(self, procedure: Procedure, apart_seconds: float, decisions: tuple[Decision, ...] = DECISIONS) -> None:
        self._procedure, self._apart, self._decisions = procedure, apart_seconds, decisions
        self._last: dict[tuple[str, tuple[tuple[str, ...], ...]], float] = {}
        self._made = 0

    def think(self, situation: Situation) -> tuple[Thought | RefusedThought, ...]:
        """What each decision makes of the situation: recorded thoughts, and refused ones with their reasons."""
        made: list[Thought | RefusedThought] = []
        for decide in self._decisions:
            thought = decide(situation)
            if thought is None:
                continue
            found = faults(thought, self._procedure, situation.now)
            if found:
                made.append(RefusedThought(thought.decision, thought.seconds, found))
            elif not self._again(thought):
                self._made += 1
                made.append(replace(thought, id=f"thought-{self._made:04d}", text=say(thought)))
        return tuple(made)

    def _again(self, thought: Thought) -> bool:
        """Whether the same was concluded of the same acts a moment ago; what was concluded longer ago is forgotten."""
        self._last = {key: seconds for key, seconds in self._last.items() if thought.seconds - seconds < self._apart}
        acts = tuple(sorted({cue.concepts for cue in thought.cues_seen if len(cue.concepts) == 3}))
        key = thought.decision, acts
        again = key in self._last
        self._last[key] = thought.seconds
        return again
