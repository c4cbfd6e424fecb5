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
    SettingsError,
    VideoError,
    needing,
)
from medgrpo.core.example import Example
from medgrpo.core.likeness import nearest, nearest_first
from medgrpo.core.score import Score, Unparsed
from medgrpo.core.settings import read_settings, read_tables, told_faults
from medgrpo.core.space import Box
from medgrpo.core.time import Span, clock, length
from medgrpo.core.whole import hidden_name, whole_file, whole_folder, write_whole

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
    "SettingsError",
    "Span",
    "Unparsed",
    "VideoError",
    "clock",
    "hidden_name",
    "length",
    "nearest",
    "nearest_first",
    "needing",
    "read_settings",
    "read_tables",
    "told_faults",
    "whole_file",
    "whole_folder",
    "write_whole",
]
