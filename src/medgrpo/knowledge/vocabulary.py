"""All concepts and relations together, found by id, by a written form, or by another system's id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from medgrpo.core import Config
from medgrpo.knowledge.citation import Citation
from medgrpo.knowledge.concept import Concept, ExternalId, Relation, RelationKind, Text, normal_term


class System(Config):
    """Another code system: a data set whose keys are given to concepts, or an ontology. `uri` has one `{id}` where ids have one."""

    key: Text
    name: Text
    kind: Literal["data set", "ontology"]
    licence: Text
    source: Text
    uri: str | None = None


class Vocabulary:
    """Concepts and relations that were checked together; see `load_vocabulary`. Look-ups take constant time."""

    def __init__(
        self, concepts: Iterable[Concept], relations: Iterable[Relation], citations: Iterable[Citation], systems: Iterable[System]
    ) -> None:
        self.concepts = tuple(concepts)
        self.relations = tuple(relations)
        self.citations = tuple(citations)
        self.systems = tuple(systems)
        self._by_id = {concept.id: concept for concept in self.concepts}
        self._citations = {citation.key: citation for citation in self.citations}
        self._by_external = {(one.system, one.id): concept for concept in self.concepts for one in concept.external}
        self._by_term: dict[str, tuple[Concept, ...]] = {}
        for concept in self.concepts:
            for term in dict.fromkeys(normal_term(term) for term in concept.terms):
                self._by_term[term] = (*self._by_term.get(term, ()), concept)
        self._related: dict[tuple[str, RelationKind], tuple[str, ...]] = {}
        self._inverse: dict[tuple[str, RelationKind], tuple[str, ...]] = {}
        for one in self.relations:
            self._add(self._related, (one.subject, one.kind), one.object)
            self._add(self._inverse, (one.object, one.kind), one.subject)
            if one.kind is RelationKind.ADJACENT_TO:  # the only symmetric one
                self._add(self._related, (one.object, one.kind), one.subject)
                self._add(self._inverse, (one.subject, one.kind), one.object)

    @staticmethod
    def _add(index: dict[tuple[str, RelationKind], tuple[str, ...]], key: tuple[str, RelationKind], value: str) -> None:
        known = index.get(key, ())
        if value not in known:
            index[key] = (*known, value)

    def __contains__(self, concept_id: object) -> bool:
        return concept_id in self._by_id

    def concept(self, concept_id: str) -> Concept:
        """The concept of this id; KeyError names an unknown one."""
        return self._by_id[concept_id]

    def citation(self, key: str) -> Citation:
        return self._citations[key]

    def by_term(self, text: str) -> tuple[Concept, ...]:
        """Every concept one of whose written forms this is (case, hyphens and spacing do not matter); () when there is none."""
        return self._by_term.get(normal_term(text), ())

    def by_external(self, system: str, external_id: str) -> Concept | None:
        """The concept that has this id in that system: `by_external("cholect50", "hook")`."""
        return self._by_external.get((system, external_id))

    def related(self, concept_id: str, kind: RelationKind) -> tuple[Concept, ...]:
        """The objects of this concept's relations of one kind: `related("anatomy:gallbladder", SUPPLIED_BY)`."""
        return tuple(self._by_id[one] for one in self._related.get((concept_id, kind), ()))

    def subjects(self, kind: RelationKind, object_id: str) -> tuple[Concept, ...]:
        """The other way round: what has this relation to `object_id` (what is at risk during it, what precedes it)."""
        return tuple(self._by_id[one] for one in self._inverse.get((object_id, kind), ()))

    def with_external(self, system: System, added: Mapping[str, ExternalId]) -> Vocabulary:
        """The same vocabulary where each named concept has one more id, of a further system."""
        concepts = (
            concept.model_copy(update={"external": (*concept.external, added[concept.id])}) if concept.id in added else concept
            for concept in self.concepts
        )
        return Vocabulary(concepts, self.relations, self.citations, (*self.systems, system))
