"""Documents read into passages, mentions of concepts and candidate claims, each with its exact place."""

from medgrpo.library.records import Claim, ClaimRelation, Context, Decision, Document, Mention, Modality, Passage
from medgrpo.library.store import KnowledgeBase, open_knowledge_base

__all__ = [
    "Claim",
    "ClaimRelation",
    "Context",
    "Decision",
    "Document",
    "KnowledgeBase",
    "Mention",
    "Modality",
    "Passage",
    "open_knowledge_base",
]
