"""The main job: one video, or many, through every room, resumable, into files that are whole or not there."""

from medgrpo.analysis.batch import Outcome, analyze_batch, output_folders
from medgrpo.analysis.help import Help
from medgrpo.analysis.progress import Progress, ProgressListener, StageClock
from medgrpo.analysis.records import (
    DISCLAIMER,
    RECORD_TYPES,
    SCHEMA_VERSION,
    Analysis,
    AnalysisRecord,
    Header,
    Summary,
    parse_line,
    read_analysis,
    read_records,
    record_line,
    rounded,
    timeline_of,
    timeline_records,
)
from medgrpo.analysis.run import AnalysisResult, analyze, analyze_source
from medgrpo.analysis.settings import AnalysisOptions, Existing, VideoIdentity, identify
from medgrpo.analysis.stop import stop_on_signals
from medgrpo.analysis.words import NOTICE as WORDS_NOTICE
from medgrpo.analysis.words import WORDS_FILE, Words, model_words

__all__ = [
    "DISCLAIMER",
    "RECORD_TYPES",
    "SCHEMA_VERSION",
    "WORDS_FILE",
    "WORDS_NOTICE",
    "Analysis",
    "AnalysisOptions",
    "AnalysisRecord",
    "AnalysisResult",
    "Existing",
    "Header",
    "Help",
    "Outcome",
    "Progress",
    "ProgressListener",
    "StageClock",
    "Summary",
    "VideoIdentity",
    "Words",
    "analyze",
    "analyze_batch",
    "analyze_source",
    "identify",
    "model_words",
    "output_folders",
    "parse_line",
    "read_analysis",
    "read_records",
    "record_line",
    "rounded",
    "stop_on_signals",
    "timeline_of",
    "timeline_records",
]
