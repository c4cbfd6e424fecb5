"""A video whose looks are all there already: the reasoner run over it from beginning to end."""

from __future__ import annotations

from collections.abc import Iterable

from medgrpo.knowledge import Procedure
from medgrpo.perception import Observation
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.reasoner import Reasoner
from medgrpo.reasoning.records import Timeline


def reason(observations: Iterable[Observation], procedure: Procedure, config: ReasonerConfig | None = None) -> Timeline:
    """The whole timeline of one video's looks."""
    reasoner = Reasoner(procedure, config)
    for observation in observations:
        reasoner.step(observation)
    return reasoner.finish()
