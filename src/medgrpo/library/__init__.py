"""Documents read into passages, mentions of concepts and candidate claims, each with its exact place."""

from medgrpo.library.build import BuildOptions, BuildSummary, build_knowledge_base
from medgrpo.library.conflicts import Conflict, find_conflicts
from medgrpo.library.embedding import SentenceModel, load_sentence_model, model_missing
from medgrpo.library.index_build import build_search_index
from medgrpo.library.proposals import ClaimModel
from medgrpo.library.records import Claim, ClaimRelation, Context, Decision, Document, Mention, Modality, Passage
from medgrpo.library.replies import Replies, reply_key
from medgrpo.library.review import (
    EDITABLE,
    Accept,
    Answer,
    Quit,
    Reject,
    Reviewer,
    ReviewSummary,
    Shown,
    Skip,
    review_claims,
)
from medgrpo.library.search import FoundClaim, FoundPassage, Scores, Searcher, SearchResult, fuse
from medgrpo.library.store import KnowledgeBase, open_knowledge_base
from medgrpo.library.terms import TermTable
from medgrpo.library.tokens import PhraseTable, Token, forms
from medgrpo.library.tokens import tokens as tokenize

__all__ = [
    "EDITABLE",
    "Accept",
    "Answer",
    "BuildOptions",
    "BuildSummary",
    "Claim",
    "ClaimModel",
    "ClaimRelation",
    "Conflict",
    "Context",
    "Decision",
    "Document",
    "FoundClaim",
    "FoundPassage",
    "KnowledgeBase",
    "Mention",
    "Modality",
    "Passage",
    "PhraseTable",
    "Quit",
    "Reject",
    "Replies",
    "ReviewSummary",
    "Reviewer",
    "Scores",
    "SearchResult",
    "Searcher",
    "SentenceModel",
    "Shown",
    "Skip",
    "TermTable",
    "Token",
    "build_knowledge_base",
    "build_search_index",
    "find_conflicts",
    "forms",
    "fuse",
    "load_sentence_model",
    "model_missing",
    "open_knowledge_base",
    "reply_key",
    "review_claims",
    "tokenize",
]
