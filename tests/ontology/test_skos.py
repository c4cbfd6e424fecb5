"""The export holds every concept and relation, conforms to its shapes, and a broken one is told."""

from __future__ import annotations

import pytest
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import SKOS

from medgrpo.knowledge import Vocabulary, load_vocabulary
from medgrpo.ontology import check_skos, to_skos

V = load_vocabulary()
GALLBLADDER = URIRef("urn:medgrpo:anatomy:gallbladder")


@pytest.fixture(scope="module")
def turtle() -> str:
    return to_skos(V)


@pytest.fixture(scope="module")
def graph(turtle: str) -> Graph:
    return Graph().parse(data=turtle, format="turtle")


@pytest.fixture(scope="module")
def small() -> str:
    """A few concepts and what they have to do with one another, so that a check takes a moment."""
    names = {"anatomy:gallbladder", "anatomy:cystic_artery", "anatomy:artery", "anatomy:blood_vessel"}
    concepts = [V.concept(name) for name in sorted(names)]
    relations = [one for one in V.relations if {one.subject, one.object} <= names]
    return to_skos(Vocabulary(concepts, relations, V.citations, V.systems))


def test_the_shipped_vocabulary_conforms(turtle: str):
    assert check_skos(turtle) == ()


def test_every_concept_and_relation_is_there(graph: Graph):
    assert len(set(graph.subjects(RDF.type, SKOS.Concept))) == len(V.concepts)
    assert len(set(graph.subjects(RDF.type, RDF.Statement))) == len(V.relations)
    assert len(set(graph.subject_objects(SKOS.exactMatch))) == sum(
        one.system in {"uberon", "mesh", "fma", "ncit"} for concept in V.concepts for one in concept.external
    )


def test_one_concept_in_full(graph: Graph):
    assert graph.value(GALLBLADDER, SKOS.prefLabel) == Literal("gallbladder", lang="en")
    assert Literal("gall bladder", lang="en") in set(graph.objects(GALLBLADDER, SKOS.altLabel))
    assert set(graph.objects(GALLBLADDER, SKOS.exactMatch)) == {
        URIRef("http://purl.obolibrary.org/obo/UBERON_0002110"),
        URIRef("http://id.nlm.nih.gov/mesh/D005704"),
        URIRef("http://purl.obolibrary.org/obo/FMA_7202"),
        URIRef("http://purl.obolibrary.org/obo/NCIT_C12377"),
    }
    keys = {(str(one), str(one.datatype)) for one in graph.objects(GALLBLADDER, SKOS.notation) if isinstance(one, Literal)}
    assert ("gallbladder", "urn:medgrpo:system:cholect50") in keys
    artery = URIRef("urn:medgrpo:anatomy:cystic_artery")
    assert (GALLBLADDER, URIRef("urn:medgrpo:relation:supplied_by"), artery) in graph


@pytest.mark.parametrize(
    ("subject", "predicate", "value", "message"),
    [
        (GALLBLADDER, SKOS.prefLabel, None, "a concept has one preferred term"),
        (GALLBLADDER, SKOS.altLabel, Literal("gallbladder", lang="en"), "which is none of its other terms"),
        (GALLBLADDER, SKOS.definition, None, "a concept has one definition"),
        (GALLBLADDER, SKOS.broader, URIRef("urn:medgrpo:anatomy:nowhere"), "what is broader is a concept"),
        (GALLBLADDER, SKOS.inScheme, None, "a concept belongs to a scheme"),
        (URIRef("urn:medgrpo:statement:0"), RDF.subject, None, "a relation's subject is a concept"),
        (URIRef("urn:medgrpo:statement:0"), URIRef("http://purl.org/dc/terms/references"), None, "a relation has a citation"),
        (URIRef("urn:medgrpo:statement:0"), RDF.predicate, None, "a relation is one of ours"),
        (URIRef("urn:medgrpo:citation:connor-2013"), URIRef("urn:medgrpo:checked"), None, "a citation says whether it was read"),
    ],
)
def test_a_broken_export_is_told(small: str, subject: URIRef, predicate: URIRef, value: Literal | None, message: str):
    assert check_skos(small) == ()
    graph = Graph().parse(data=small, format="turtle")
    if value is None:
        graph.remove((subject, predicate, None))
    else:
        graph.add((subject, predicate, value))
    found = [one for one in check_skos(graph.serialize(format="turtle")) if one.node == str(subject)]
    assert any(message in one.message for one in found)
