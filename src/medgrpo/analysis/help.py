"""What an analysis may call upon beside the video and the procedure: a model that rephrases, a knowledge base that is cited."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.library import KnowledgeBase
from medgrpo.reasoning import Rephraser


@dataclass(frozen=True, slots=True)
class Help:
    """Each is optional; without them the templates speak and a citation opens what the procedure file knows of it."""

    rephraser: Rephraser | None = None
    knowledge_base: KnowledgeBase | None = None


NO_HELP = Help()
