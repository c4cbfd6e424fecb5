"""Vocabularies and procedures as data, checked when they are loaded."""

from medgrpo.knowledge.cholect50 import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS, Instance, Triplet, label
from medgrpo.knowledge.citation import Citation
from medgrpo.knowledge.code_map import load_map
from medgrpo.knowledge.concept import Concept, ConceptKind, ExternalId, Relation, RelationKind, normal_term
from medgrpo.knowledge.fault import Fault
from medgrpo.knowledge.file_check import FileCheck, check_file
from medgrpo.knowledge.learned_procedure import as_procedure
from medgrpo.knowledge.learning import (
    LearnedAction,
    LearnedProcedure,
    LearnedSet,
    Recording,
    learn,
    learned_to_text,
    load_learned,
    read_learned,
)
from medgrpo.knowledge.loader import PROCEDURES, load_procedure
from medgrpo.knowledge.procedure import (
    BailOut,
    Difficulty,
    ExpectedAction,
    Hazard,
    Landmark,
    Phase,
    Procedure,
    Rule,
    Step,
    SubGoal,
    Successor,
    Variant,
)
from medgrpo.knowledge.vocabulary import System, Vocabulary
from medgrpo.knowledge.vocabulary_loader import load_vocabulary, read_vocabulary

__all__ = [
    "INSTRUMENTS",
    "PHASES",
    "PROCEDURES",
    "TARGETS",
    "TRIPLETS",
    "VERBS",
    "BailOut",
    "Citation",
    "Concept",
    "ConceptKind",
    "Difficulty",
    "ExpectedAction",
    "ExternalId",
    "Fault",
    "FileCheck",
    "Hazard",
    "Instance",
    "Landmark",
    "LearnedAction",
    "LearnedProcedure",
    "LearnedSet",
    "Phase",
    "Procedure",
    "Recording",
    "Relation",
    "RelationKind",
    "Rule",
    "Step",
    "SubGoal",
    "Successor",
    "System",
    "Triplet",
    "Variant",
    "Vocabulary",
    "as_procedure",
    "check_file",
    "label",
    "learn",
    "learned_to_text",
    "load_learned",
    "load_map",
    "load_procedure",
    "load_vocabulary",
    "normal_term",
    "read_learned",
    "read_vocabulary",
]
