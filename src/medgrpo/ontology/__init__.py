"""Knowledge in the semantic web's forms: SKOS out, checked with SHACL; OWL in, linked to our concepts. rdflib lives here only."""

from medgrpo.ontology.owl import LinkedClass, LinkedOntology, read_ontology
from medgrpo.ontology.shapes import Violation, check_skos
from medgrpo.ontology.skos import linked_to_skos, to_skos

__all__ = ["LinkedClass", "LinkedOntology", "Violation", "check_skos", "linked_to_skos", "read_ontology", "to_skos"]
