"""The words everybody uses. Standard library and pydantic only."""

from medgrpo.core.config import Config
from medgrpo.core.errors import (
    AccessError,
    ConflictError,
    DataError,
    DocumentError,
    InputError,
    Interrupted,
    KnowledgeError,
    MedgrpoError,
    MissingExtra,
    ModelError,
    RecordError,
    VideoError,
    needing,
)
from medgrpo.core.example import Example
from medgrpo.core.score import Score, Unparsed
from medgrpo.core.space import Box
from medgrpo.core.time import Span, clock, length

__all__ = [
    "AccessError",
    "Box",
    "Config",
    "ConflictError",
    "DataError",
    "DocumentError",
    "Example",
    "InputError",
    "Interrupted",
    "KnowledgeError",
    "MedgrpoError",
    "MissingExtra",
    "ModelError",
    "RecordError",
    "Score",
    "Span",
    "Unparsed",
    "VideoError",
    "clock",
    "length",
    "needing",
]
