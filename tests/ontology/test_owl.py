"""An OWL file is linked by names; what it imports is named, and what cannot be read is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import SKOS

from medgrpo.core import KnowledgeError
from medgrpo.knowledge import load_vocabulary
from medgrpo.ontology import linked_to_skos, read_ontology
from medgrpo.ontology.owl import comparable, readable

V = load_vocabulary()
ONTOSPM = Path(__file__).resolve().parents[3] / "shared" / "data" / "ontospm" / "OntoSPM.owl"

TURTLE = """
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix : <http://example.org/o#> .
<http://example.org/o> a owl:Ontology ; owl:imports <http://example.org/missing> .
:organ a owl:Class .
:vesicula a owl:Class ; rdfs:label "Vésicule"@fr, "Gall-Bladder"@en ; rdfs:subClassOf :organ .
:to_cut a owl:Class ; rdfs:subClassOf [ a owl:Restriction ] .
:tool7 a owl:Class ; skos:altLabel "L-hook" .
"""


def written(tmp_path: Path, text: str, name: str = "o.ttl") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_classes_are_linked_by_their_names(tmp_path: Path):
    linked = read_ontology(written(tmp_path, TURTLE), V)
    found = {one.iri.split("#")[1]: one for one in linked.classes}
    assert linked.iri == "http://example.org/o"
    assert found["vesicula"].label == "Gall-Bladder"
    assert found["vesicula"].concepts == ("anatomy:gallbladder",)
    assert found["vesicula"].parents == ("http://example.org/o#organ",)
    assert found["to_cut"].concepts == ("action:cut",)
    assert found["tool7"].concepts == ("instrument:hook",)
    assert found["organ"].concepts == ()
    assert ([one.iri for one in linked.unmatched], len(linked.matched)) == (["http://example.org/o#organ"], 3)


def test_missing_imports_are_said_and_not_fatal(tmp_path: Path):
    assert read_ontology(written(tmp_path, TURTLE), V).missing_imports == ("http://example.org/missing",)


def test_the_linked_vocabulary_is_skos(tmp_path: Path):
    graph = Graph().parse(data=linked_to_skos(read_ontology(written(tmp_path, TURTLE), V)), format="turtle")
    assert len(set(graph.subjects(RDF.type, SKOS.Concept))) == 4  # the unlinked one is kept
    close = URIRef("urn:medgrpo:anatomy:gallbladder")
    assert (URIRef("http://example.org/o#vesicula"), SKOS.closeMatch, close) in graph
    assert not set(graph.subject_objects(SKOS.exactMatch))  # a name proves nothing


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("o.ttl", "this is no turtle", "is not turtle"),
        ("o.owl", "<rdf:RDF", "is not xml"),
        ("o.owl", "", "is not xml"),
        ("o.ttl", "@prefix a: <urn:a> .", "no named owl:Class"),
        ("o.pdf", "", "of no kind that can be read"),
        ("o.jsonld", "{", "is not json-ld"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, name: str, text: str, reason: str):
    with pytest.raises(KnowledgeError) as caught:
        read_ontology(written(tmp_path, text, name), V)
    assert reason in caught.value.reason
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_told(tmp_path: Path):
    with pytest.raises(KnowledgeError, match="No such file"):
        read_ontology(tmp_path / "absent.owl", V)


def test_ontospm():
    if not ONTOSPM.exists():
        pytest.skip("no ../shared/data/ontospm")
    linked = read_ontology(ONTOSPM, V)
    assert len(linked.classes) == 276
    assert len(linked.missing_imports) == 7
    assert len(linked.matched) + len(linked.unmatched) == 276
    found = {readable(one.iri): one.concepts for one in linked.matched}
    assert found["bipolar forceps"] == ("instrument:bipolar",)
    assert found["to coagulate"] == ("action:coagulate",)
    assert found["rugine"] == ("instrument:raspatory",)


def test_names():
    assert readable("http://x/o.owl#bipolar_forceps") == "bipolar forceps"
    assert comparable("To_Cut") == "cut"
    assert comparable("tool") == "tool"
