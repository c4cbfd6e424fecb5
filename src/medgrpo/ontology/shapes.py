"""Checks a SKOS export against the SHACL shapes of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files

from medgrpo.ontology.libraries import need


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a graph is not what it should be: the node and what must hold there."""

    node: str
    message: str


def check_skos(turtle: str) -> tuple[Violation, ...]:
    """What is wrong with a SKOS export; () when it conforms. MissingExtra without pyshacl."""
    need("rdflib")
    need("pyshacl")
    from rdflib import Graph, URIRef

    shapes = Graph().parse(data=files("medgrpo.ontology").joinpath("shapes.ttl").read_text(encoding="utf-8"), format="turtle")
    validate: Callable[..., tuple[bool, Graph, str]] = import_module("pyshacl").validate  # its own types are partly unknown
    _, results, _ = validate(Graph().parse(data=turtle, format="turtle"), shacl_graph=shapes, inference="none")
    shacl = "http://www.w3.org/ns/shacl#"
    found: set[tuple[str, str]] = set()
    for result in results.objects(None, URIRef(f"{shacl}result")):
        node = str(results.value(result, URIRef(f"{shacl}focusNode")))
        found.add((node, str(results.value(result, URIRef(f"{shacl}resultMessage")))))
    return tuple(Violation(node, message) for node, message in sorted(found))
