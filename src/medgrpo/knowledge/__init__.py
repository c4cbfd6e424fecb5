"""Vocabularies and procedures as data, checked when they are loaded."""

from medgrpo.knowledge.cholect50 import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS, Instance, Triplet, label
from medgrpo.knowledge.loader import load_procedure
from medgrpo.knowledge.procedure import Citation, ExpectedAction, Hazard, Phase, Procedure, Step, Successor

__all__ = [
    "INSTRUMENTS",
    "PHASES",
    "TARGETS",
    "TRIPLETS",
    "VERBS",
    "Citation",
    "ExpectedAction",
    "Hazard",
    "Instance",
    "Phase",
    "Procedure",
    "Step",
    "Successor",
    "Triplet",
    "label",
    "load_procedure",
]
