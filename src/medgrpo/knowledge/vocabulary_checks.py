"""What must hold between concepts: ids known, terms and outside ids claimed once, no cycles, no contradictions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from medgrpo.core import KnowledgeError
from medgrpo.knowledge.citation import Citation
from medgrpo.knowledge.concept import Concept, Relation, RelationKind, normal_term

T = TypeVar("T")

ACYCLIC = (RelationKind.PART_OF, RelationKind.PRECEDES)


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value and the file that it stands in."""

    path: Path
    value: T


def vocabulary_faults(
    concepts: Sequence[Placed[Concept]],
    relations: Sequence[Placed[Relation]],
    citations: Sequence[Placed[Citation]],
    systems: frozenset[str],
) -> Iterator[KnowledgeError]:
    """Every fault, in the order of the files."""
    yield from _claimed_twice(((one, one.value.id) for one in concepts), "the id")
    yield from _claimed_twice(
        ((one, f"{one.value.kind} {term!r}") for one in concepts for term in dict.fromkeys(map(normal_term, one.value.terms))),
        "the term",
    )
    yield from _claimed_twice(
        ((one, f"{outside.id} of {outside.system}") for one in concepts for outside in one.value.external), "the outside id"
    )
    ids = {one.value.id for one in concepts}
    keys: set[str] = set()
    for citation in citations:
        if citation.value.key in keys:
            yield KnowledgeError(citation.path, f"citation {citation.value.key}", "stands in the vocabulary twice")
        keys.add(citation.value.key)
    for concept in concepts:
        yield from _concept_faults(concept, ids, keys, systems)
    for relation in relations:
        yield from _relation_faults(relation, ids, keys)
    yield from _cycles({one.value.id: (one.path, one.value.broader) for one in concepts}, "broader")
    for kind in ACYCLIC:
        edges: dict[str, tuple[Path, tuple[str, ...]]] = {}
        for one in relations:
            if one.value.kind is kind:
                path, objects = edges.get(one.value.subject, (one.path, ()))
                edges[one.value.subject] = (path, (*objects, one.value.object))
        yield from _cycles(edges, kind.value)
    yield from _contradictions(relations)


def _claimed_twice(claims: Iterable[tuple[Placed[Concept], str]], what: str) -> Iterator[KnowledgeError]:
    first: dict[str, Placed[Concept]] = {}
    for one, claim in claims:
        other = first.setdefault(claim, one)
        if other is not one:
            where = f"{other.value.id} in {other.path.name}"
            yield KnowledgeError(one.path, one.value.id, f"{what} {claim} is claimed already by {where}: keep it in one of them")


def _concept_faults(one: Placed[Concept], ids: set[str], keys: set[str], systems: frozenset[str]) -> Iterator[KnowledgeError]:
    concept = one.value
    for name in concept.broader:
        if name not in ids:
            yield KnowledgeError(one.path, concept.id, f"is narrower than {name!r}, which is no concept")
        elif name.split(":")[0] != concept.kind:
            yield KnowledgeError(one.path, concept.id, f"is narrower than {name!r}, which is of another kind")
    for outside in concept.external:
        if outside.system not in systems:
            yield KnowledgeError(one.path, concept.id, f"gives an id in {outside.system!r}, which is no system of this vocabulary")
    for key in concept.citations:
        if key not in keys:
            yield KnowledgeError(one.path, concept.id, f"cites {key!r}, which is not among the citations")


def _relation_faults(one: Placed[Relation], ids: set[str], keys: set[str]) -> Iterator[KnowledgeError]:
    relation = one.value
    entry = words(relation)
    for name in (relation.subject, relation.object):
        if name not in ids:
            yield KnowledgeError(one.path, f"relation {entry}", f"{name!r} is no concept")
    for key in relation.citations:
        if key not in keys:
            yield KnowledgeError(one.path, f"relation {entry}", f"cites {key!r}, which is not among the citations")


def words(relation: Relation) -> str:
    return f"{relation.subject} {relation.kind.value} {relation.object}"


def _contradictions(relations: Sequence[Placed[Relation]]) -> Iterator[KnowledgeError]:
    required = {(one.value.subject, one.value.object) for one in relations if one.value.kind is RelationKind.REQUIRES}
    for one in relations:
        if one.value.kind is RelationKind.CONTRAINDICATES and (one.value.subject, one.value.object) in required:
            reason = f"{one.value.subject} also requires {one.value.object}: both cannot hold; remove one of the two"
            yield KnowledgeError(one.path, f"relation {words(one.value)}", reason)


def _cycles(edges: Mapping[str, tuple[Path, tuple[str, ...]]], what: str) -> Iterator[KnowledgeError]:
    cycle = find_cycle({name: objects for name, (_, objects) in edges.items()})
    if cycle is not None:
        yield KnowledgeError(edges[cycle[0]][0], f"{what} of {cycle[0]}", f"goes in a circle: {' -> '.join(cycle)}")


def find_cycle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...] | None:
    """One circle of a directed graph, its first name repeated at its end; None when there is none. No recursion."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        path: list[str] = [start]
        waiting = [iter(edges.get(start, ()))]
        on_path = {start}
        while path:
            following = next(waiting[-1], None)
            if following is None:
                done.add(path[-1])
                on_path.discard(path.pop())
                waiting.pop()
            elif following in on_path:
                return (*path[path.index(following) :], following)
            elif following not in done:
                path.append(following)
                on_path.add(following)
                waiting.append(iter(edges.get(following, ())))
    return None
