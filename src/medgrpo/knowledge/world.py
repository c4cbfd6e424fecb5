"""Which names a procedure file may use, given the data set in whose words it is written."""

from __future__ import annotations

from medgrpo.knowledge.cholect50 import TRIPLETS
from medgrpo.knowledge.concept import ConceptKind
from medgrpo.knowledge.vocabulary import Vocabulary

_TRIPLET_NAMES = frozenset(triplet.name for triplet in TRIPLETS)


class World:
    """The names that a file may use, by kind: CholecT50's keys alone; elsewhere the data set's keys and our own names.

    A data set without phases of its own takes our phases, our steps, or actions as phases.
    """

    def __init__(self, key: str, vocabulary: Vocabulary) -> None:
        self.key = key
        self.title = next((system.name for system in vocabulary.systems if system.key == key), key)
        keys: dict[ConceptKind, set[str]] = {kind: set() for kind in ConceptKind}
        own: dict[ConceptKind, set[str]] = {kind: set() for kind in ConceptKind}
        for concept in vocabulary.concepts:
            own[concept.kind].add(concept.id.split(":", 1)[1])
            keys[concept.kind].update(one.id for one in concept.external if one.system == key)
        if key == "cholect50":  # what perception speaks, and nothing else
            self.instruments, self.actions = frozenset(keys[ConceptKind.INSTRUMENT]), _TRIPLET_NAMES
        else:
            self.instruments = frozenset(keys[ConceptKind.INSTRUMENT] | own[ConceptKind.INSTRUMENT])
            self.actions = frozenset(keys[ConceptKind.ACTION] | own[ConceptKind.ACTION])
        free = own[ConceptKind.PHASE] | own[ConceptKind.STEP] | self.actions
        self.phases = frozenset(keys[ConceptKind.PHASE] or free)

    @property
    def actions_are(self) -> str:
        return "triplets" if self.key == "cholect50" else "actions"


def worlds(vocabulary: Vocabulary) -> tuple[str, ...]:
    """The data sets whose names a procedure file may use."""
    return tuple(system.key for system in vocabulary.systems if system.kind == "data set")
