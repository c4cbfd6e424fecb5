"""Which names a procedure file may use: the keys of the data set that it names, or our own concepts where that set has none."""

from __future__ import annotations

from medgrpo.knowledge.cholect50 import TRIPLETS
from medgrpo.knowledge.concept import ConceptKind
from medgrpo.knowledge.vocabulary import Vocabulary

_TRIPLET_NAMES = frozenset(triplet.name for triplet in TRIPLETS)


class World:
    """The names of one data set by kind. A set without phases of its own may use our phases, steps and its actions as phases."""

    def __init__(self, key: str, vocabulary: Vocabulary) -> None:
        self.key = key
        self.title = next((system.name for system in vocabulary.systems if system.key == key), key)
        keys: dict[ConceptKind, set[str]] = {kind: set() for kind in ConceptKind}
        own: dict[ConceptKind, set[str]] = {kind: set() for kind in ConceptKind}
        for concept in vocabulary.concepts:
            own[concept.kind].add(concept.id.split(":", 1)[1])
            keys[concept.kind].update(one.id for one in concept.external if one.system == key)
        self.instruments = frozenset(keys[ConceptKind.INSTRUMENT] or own[ConceptKind.INSTRUMENT])
        self.actions = _TRIPLET_NAMES if key == "cholect50" else frozenset(keys[ConceptKind.ACTION] or own[ConceptKind.ACTION])
        self.phases = frozenset(
            keys[ConceptKind.PHASE] or own[ConceptKind.PHASE] | own[ConceptKind.STEP] | keys[ConceptKind.ACTION]
        )

    @property
    def actions_are(self) -> str:
        return "triplets" if self.key == "cholect50" else "actions"


def worlds(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The data sets whose names a procedure file may use."""
    return tuple(system.key for system in vocabulary.systems if system.kind == "data set")
