"""An OWL ontology read as a linked vocabulary: its classes, and which of our concepts each is, as far as their names say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.core import KnowledgeError
from medgrpo.knowledge import Vocabulary, normal_term
from medgrpo.ontology.libraries import need

if TYPE_CHECKING:
    from rdflib import Graph, URIRef
    from rdflib.term import Node

FORMATS = {".owl": "xml", ".rdf": "xml", ".xml": "xml", ".ttl": "turtle", ".nt": "nt", ".jsonld": "json-ld"}
PREFERRED = "http://purl.obolibrary.org/obo/IAO_0000111"
ALTERNATIVE = "http://purl.obolibrary.org/obo/IAO_0000118"


@dataclass(frozen=True, slots=True)
class LinkedClass:
    """A class of a foreign ontology; `concepts` are ids of ours that share one of its names, () where none does."""

    iri: str
    label: str
    others: tuple[str, ...]
    parents: tuple[str, ...]
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkedOntology:
    """An ontology as far as its file goes; `missing_imports` are the ontologies that it builds on and that were not read."""

    iri: str
    classes: tuple[LinkedClass, ...]
    missing_imports: tuple[str, ...]

    @property
    def matched(self) -> tuple[LinkedClass, ...]:
        return tuple(one for one in self.classes if one.concepts)

    @property
    def unmatched(self) -> tuple[LinkedClass, ...]:
        return tuple(one for one in self.classes if not one.concepts)


def read_ontology(path: Path, vocabulary: Vocabulary) -> LinkedOntology:
    """Read an OWL, RDF/XML, Turtle, N-Triples or JSON-LD file and link its classes by their names.

    Nothing is fetched: what the file imports is named, not read. KnowledgeError when the file cannot be read, is not of the form
    that its ending says, or holds no class. MissingExtra without rdflib.
    """
    need("rdflib")
    from rdflib import OWL, RDF, URIRef

    graph = _parsed(path)
    named = sorted({one for one in graph.subjects(RDF.type, OWL.Class) if isinstance(one, URIRef)})
    if not named:
        raise KnowledgeError(path, "file", "holds no named owl:Class, so there is nothing to link")
    imports = tuple(sorted({str(one) for one in graph.objects(None, OWL.imports)}))
    own = sorted(str(one) for one in graph.subjects(RDF.type, OWL.Ontology) if isinstance(one, URIRef))
    iri = own[0] if own else path.resolve().as_uri()
    return LinkedOntology(iri, tuple(_linked(graph, one, vocabulary) for one in named), imports)


def _parsed(path: Path) -> Graph:
    from xml.sax import SAXException

    from rdflib import Graph
    from rdflib.exceptions import ParserError
    from rdflib.plugins.parsers.notation3 import BadSyntax

    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise KnowledgeError(path, "file", f"is of no kind that can be read: {', '.join(FORMATS)}")
    try:
        return Graph().parse(data=path.read_bytes(), format=form)
    except OSError as error:
        raise KnowledgeError(path, "file", error.strerror or "cannot be read") from error
    except (SAXException, ParserError, BadSyntax, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise KnowledgeError(path, "file", f"is not {form}: {reason}") from error


def _linked(graph: Graph, one: URIRef, vocabulary: Vocabulary) -> LinkedClass:
    from rdflib import URIRef
    from rdflib.namespace import RDFS, SKOS

    names = [
        text
        for kind in (RDFS.label, SKOS.prefLabel, URIRef(PREFERRED), SKOS.altLabel, URIRef(ALTERNATIVE))
        for text in _english(graph, one, kind)
    ]
    names.append(readable(str(one)))
    names = list(dict.fromkeys(names))
    parents = tuple(sorted(str(parent) for parent in graph.objects(one, RDFS.subClassOf) if isinstance(parent, URIRef)))
    concepts = tuple(dict.fromkeys(concept.id for name in names for concept in vocabulary.by_term(comparable(name))))
    return LinkedClass(str(one), names[0], tuple(names[1:]), parents, concepts)


def _english(graph: Graph, one: URIRef, kind: Node) -> list[str]:
    from rdflib import Literal

    found = [text for text in graph.objects(one, kind) if isinstance(text, Literal) and text.language in (None, "en")]
    return sorted(" ".join(str(text).split()) for text in found if str(text).strip())


def readable(iri: str) -> str:
    """The last part of an IRI as words: `.../OntoSPM.owl#bipolar_forceps` is "bipolar forceps"."""
    return re.split(r"[#/]", iri.rstrip("#/"))[-1].replace("_", " ")


def comparable(name: str) -> str:
    """A name as it is looked up: normal form, without the "to" of an infinitive."""
    return normal_term(name).removeprefix("to ")
