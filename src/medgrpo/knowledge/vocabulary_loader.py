"""From the vocabulary's TOML files to a checked `Vocabulary`.

A file holds any of `systems`, `citations`, `concepts`, `relations`. A data set's key is short: `ids = { cholect50 = "hook" }` is
an external id whose source is that of the system. An ontology's id is written in full, under `external`, with its own source.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from pydantic import Field, ValidationError

from medgrpo.core import Config, KnowledgeError
from medgrpo.knowledge.cholect50 import TRIPLETS, Triplet, label
from medgrpo.knowledge.citation import Citation
from medgrpo.knowledge.concept import Concept, ExternalId, Relation
from medgrpo.knowledge.reading import entry_name, read_toml
from medgrpo.knowledge.vocabulary import System, Vocabulary
from medgrpo.knowledge.vocabulary_checks import Placed, vocabulary_faults


class Entry(Config):
    """A concept as it is written in a file: `kind` is read off the id, `ids` are filled in with their system's source."""

    id: str
    preferred: str
    definition: str
    others: tuple[str, ...] = ()
    abbreviations: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    ids: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    external: tuple[ExternalId, ...] = ()
    citations: tuple[str, ...] = ()


class VocabularyFile(Config):
    """One file's content, typed but not yet checked against the others."""

    systems: tuple[System, ...] = ()
    citations: tuple[Citation, ...] = ()
    concepts: tuple[Entry, ...] = ()
    relations: tuple[Relation, ...] = ()


@lru_cache(maxsize=8)
def load_vocabulary(*extra: Path) -> Vocabulary:
    """The shipped vocabulary, with further files of the same form where given; checked whole, and kept.

    KnowledgeError names the file and the entry: unreadable, not TOML, an unknown field, kind, id, system or citation, a term or an
    outside id that two concepts of one kind claim, a cycle in `part_of`, `precedes` or `broader`, a contradiction.
    """
    with as_file(files("medgrpo.knowledge").joinpath("vocabulary")) as folder:
        return read_vocabulary([*sorted(folder.glob("*.toml")), *extra], triplets=True)


def read_vocabulary(paths: Sequence[Path], triplets: bool = False) -> Vocabulary:
    """A vocabulary from exactly these files; with `triplets`, the hundred actions of CholecT50 are added from their table."""
    vocabulary, faults = _assembled(paths, triplets)
    for fault in faults:
        raise fault
    return vocabulary


def further_faults(path: Path) -> tuple[KnowledgeError, ...]:
    """Everything that is wrong with one further vocabulary file beside the shipped ones; () when `load_vocabulary(path)` takes it.

    KnowledgeError when it cannot be read or typed at all.
    """
    with as_file(files("medgrpo.knowledge").joinpath("vocabulary")) as folder:
        _, faults = _assembled([*sorted(folder.glob("*.toml")), path], triplets=True)
    return tuple(faults)


def _assembled(paths: Sequence[Path], triplets: bool) -> tuple[Vocabulary, list[KnowledgeError]]:
    contents = [(path, _read(path)) for path in paths]
    systems = {system.key: system for _, content in contents for system in content.systems}
    concepts = [Placed(path, _concept(path, entry, systems)) for path, content in contents for entry in content.concepts]
    if triplets:
        table = Path("cholect50_triplets.csv")
        concepts += [Placed(table, _triplet_concept(triplet, systems)) for triplet in TRIPLETS]
    relations = [Placed(path, relation) for path, content in contents for relation in content.relations]
    citations = [Placed(path, citation) for path, content in contents for citation in content.citations]
    faults = list(vocabulary_faults(concepts, relations, citations, frozenset(systems)))
    known = (one.value for one in concepts), (one.value for one in relations), (one.value for one in citations)
    return Vocabulary(*known, systems.values()), faults


def _read(path: Path) -> VocabularyFile:
    values = read_toml(path)
    try:
        return VocabularyFile.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise KnowledgeError(path, entry_name(values, first["loc"]), first["msg"]) from error


def _concept(path: Path, entry: Entry, systems: dict[str, System]) -> Concept:
    given: list[ExternalId] = []
    for key, names in entry.ids.items():
        if key not in systems:
            raise KnowledgeError(path, entry.id, f"gives an id in {key!r}, which is no system of this vocabulary")
        given += [
            ExternalId(system=key, id=name, source=systems[key].source) for name in ([names] if isinstance(names, str) else names)
        ]
    values = entry.model_dump(exclude={"ids", "external"}) | {"kind": entry.id.split(":", 1)[0]}
    try:
        return Concept.model_validate(values | {"external": (*given, *entry.external)})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KnowledgeError(path, f"{entry.id}{f', {where}' if where else ''}", first["msg"]) from error


def _triplet_concept(triplet: Triplet, systems: dict[str, System]) -> Concept:
    verb, target, instrument = label(triplet.verb), label(triplet.target), label(triplet.instrument)
    idle = triplet.verb == "null_verb"
    system = systems.get("cholect50")
    source = "CholecT50 triplet table" if system is None else system.source
    return Concept.model_validate(
        {
            "id": f"action:{triplet.name}",
            "kind": "action",
            "preferred": f"{instrument} idle" if idle else f"{verb} {target} with {instrument}",
            "definition": f"The {instrument} is in view and does nothing to tissue."
            if idle
            else f"One of the hundred action triplets of CholecT50: instrument {instrument}, verb {verb}, target {target}.",
            "broader": [f"action:{triplet.verb}"],
            "external": [
                ExternalId(system="cholect50", id=name, source=source) for name in (triplet.name, f"triplet:{triplet.index}")
            ],
        }
    )
