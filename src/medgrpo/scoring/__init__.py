"""Answers to MedVidBench under two protocols: as its leaderboard scores them, and strictly. No video and no network is loaded."""

from medgrpo.scoring.joining import JoinError, join, read_submission
from medgrpo.scoring.judge_reply import (
    Asked,
    JudgeCallFailed,
    JudgedCaptions,
    ask_judge,
    caption_score,
    dense_caption_score,
    parse_judge_reply,
)
from medgrpo.scoring.leaderboard import LeaderboardResult, score_leaderboard
from medgrpo.scoring.leaderboard_ranking import COLUMNS, rank_models
from medgrpo.scoring.minilm import LazyMiniLM, MiniLM, load_minilm
from medgrpo.scoring.parity import FileParity, check_folder
from medgrpo.scoring.protocols import as_json, score_file, stopped
from medgrpo.scoring.ratings import Ratings, caption_pairs
from medgrpo.scoring.records import Record, Records, read_records, record_from
from medgrpo.scoring.reference_checks import validate_records
from medgrpo.scoring.scripted_answers import SCRIPTS, answer_all, usable
from medgrpo.scoring.similarity import Embedder, Remembering, cosines, mean_similarity
from medgrpo.scoring.strict import StrictResult, score_strict, source_name
from medgrpo.scoring.verdict import Verdict

__all__ = [
    "COLUMNS",
    "SCRIPTS",
    "Asked",
    "Embedder",
    "FileParity",
    "JoinError",
    "JudgeCallFailed",
    "JudgedCaptions",
    "LazyMiniLM",
    "LeaderboardResult",
    "MiniLM",
    "Ratings",
    "Record",
    "Records",
    "Remembering",
    "StrictResult",
    "Verdict",
    "answer_all",
    "as_json",
    "ask_judge",
    "caption_pairs",
    "caption_score",
    "check_folder",
    "cosines",
    "dense_caption_score",
    "join",
    "load_minilm",
    "mean_similarity",
    "parse_judge_reply",
    "rank_models",
    "read_records",
    "read_submission",
    "record_from",
    "score_file",
    "score_leaderboard",
    "score_strict",
    "source_name",
    "stopped",
    "usable",
    "validate_records",
]
