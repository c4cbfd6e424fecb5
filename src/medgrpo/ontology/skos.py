"""Our vocabulary as SKOS (W3C Recommendation, 18 August 2009), written as Turtle.

Each concept is `urn:medgrpo:<id>` in one scheme; its kind is a collection. A data set's key is a `skos:notation` whose datatype
names the data set; an ontology's id is a `skos:exactMatch`. A relation is a triple and a node with its citations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medgrpo.knowledge import ConceptKind, Relation, Vocabulary
from medgrpo.ontology.libraries import need
from medgrpo.ontology.owl import LinkedOntology

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

BASE = "urn:medgrpo:"


def to_skos(vocabulary: Vocabulary) -> str:
    """The vocabulary as Turtle. MissingExtra without rdflib."""
    need("rdflib")
    from rdflib import OWL, RDF, XSD, Literal, URIRef
    from rdflib.namespace import DCTERMS, RDFS, SKOS

    graph = _graph()
    scheme = URIRef(f"{BASE}vocabulary")
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, DCTERMS.title, Literal("The vocabulary of medgrpo", lang="en")))
    systems = {system.key: system for system in vocabulary.systems}
    for kind in ConceptKind:
        collection = URIRef(f"{BASE}kind:{kind.value}")
        graph.add((collection, RDF.type, SKOS.Collection))
        graph.add((collection, SKOS.prefLabel, Literal(kind.value, lang="en")))
    for citation in vocabulary.citations:
        node = _citation(citation.key)
        graph.add((node, RDF.type, DCTERMS.BibliographicResource))
        graph.add((node, DCTERMS.title, Literal(citation.title)))
        graph.add((node, DCTERMS.source, Literal(citation.source)))
        graph.add((node, URIRef(f"{BASE}checked"), Literal(citation.checked)))
    for concept in vocabulary.concepts:
        node = _concept(concept.id)
        graph.add((node, RDF.type, SKOS.Concept))
        graph.add((node, SKOS.inScheme, scheme))
        graph.add((URIRef(f"{BASE}kind:{concept.kind.value}"), SKOS.member, node))
        graph.add((node, SKOS.prefLabel, Literal(concept.preferred, lang="en")))
        graph.add((node, SKOS.definition, Literal(concept.definition, lang="en")))
        for term in (*concept.others, *concept.abbreviations):
            graph.add((node, SKOS.altLabel, Literal(term, lang="en")))
        for broader in concept.broader:
            graph.add((node, SKOS.broader, _concept(broader)))
        if not concept.broader:
            graph.add((node, SKOS.topConceptOf, scheme))
        for key in concept.citations:
            graph.add((node, DCTERMS.references, _citation(key)))
        for one in concept.external:
            uri = systems[one.system].uri
            if uri is not None:
                graph.add((node, SKOS.exactMatch, URIRef(uri.format(id=one.id))))
            else:
                graph.add((node, SKOS.notation, Literal(one.id, datatype=URIRef(f"{BASE}system:{one.system}"))))
    for system in vocabulary.systems:
        if system.uri is None:
            datatype = URIRef(f"{BASE}system:{system.key}")
            graph.add((datatype, RDF.type, RDFS.Datatype))
            graph.add((datatype, RDFS.label, Literal(system.name)))
    for kind in {relation.kind for relation in vocabulary.relations}:
        graph.add((URIRef(f"{BASE}relation:{kind.value}"), RDF.type, OWL.ObjectProperty))
    for number, relation in enumerate(vocabulary.relations):
        _add_relation(graph, number, relation)
    graph.add((scheme, DCTERMS.extent, Literal(len(vocabulary.concepts), datatype=XSD.integer)))
    return graph.serialize(format="turtle")


def linked_to_skos(linked: LinkedOntology) -> str:
    """A read ontology as a SKOS scheme of its own; a match by name with one of ours is a `skos:closeMatch`, to be reviewed."""
    need("rdflib")
    from rdflib import RDF, Literal, URIRef
    from rdflib.namespace import OWL, SKOS

    graph = _graph()
    scheme = URIRef(linked.iri)
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    for missing in linked.missing_imports:
        graph.add((scheme, OWL.imports, URIRef(missing)))
    for one in linked.classes:
        node = URIRef(one.iri)
        graph.add((node, RDF.type, SKOS.Concept))
        graph.add((node, SKOS.inScheme, scheme))
        graph.add((node, SKOS.prefLabel, Literal(one.label, lang="en")))
        for parent in one.parents:
            graph.add((node, SKOS.broader, URIRef(parent)))
        for concept in one.concepts:
            graph.add((node, SKOS.closeMatch, _concept(concept)))
    return graph.serialize(format="turtle")


def _graph() -> Graph:
    from rdflib import Graph
    from rdflib.namespace import DCTERMS, OWL, SKOS

    graph = Graph()
    for prefix, space in (("skos", SKOS), ("dcterms", DCTERMS), ("owl", OWL)):
        graph.bind(prefix, space)
    return graph


def _add_relation(graph: Graph, number: int, relation: Relation) -> None:
    from rdflib import RDF, URIRef
    from rdflib.namespace import DCTERMS

    subject, object_ = _concept(relation.subject), _concept(relation.object)
    kind = URIRef(f"{BASE}relation:{relation.kind.value}")
    node = URIRef(f"{BASE}statement:{number}")
    graph.add((subject, kind, object_))
    graph.add((node, RDF.type, RDF.Statement))
    graph.add((node, RDF.subject, subject))
    graph.add((node, RDF.predicate, kind))
    graph.add((node, RDF.object, object_))
    for key in relation.citations:
        graph.add((node, DCTERMS.references, _citation(key)))


def _concept(concept_id: str) -> URIRef:
    from rdflib import URIRef

    return URIRef(f"{BASE}{concept_id}")


def _citation(key: str) -> URIRef:
    from rdflib import URIRef

    return URIRef(f"{BASE}citation:{key}")
