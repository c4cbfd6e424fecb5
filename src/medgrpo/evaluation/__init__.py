"""Measures: what perception sees against labels, a timeline against the truth, answers to MedVidBench under two protocols."""

from medgrpo.evaluation.extraction import Counts, Interval, LabelledSentence, Measure
from medgrpo.evaluation.extraction_run import ExtractionResult, evaluate_extraction
from medgrpo.evaluation.forecast_run import evaluate_source, table_rows
from medgrpo.evaluation.gallery import failure_gallery
from medgrpo.evaluation.grounding import Grounding, KindCounts, measure_grounding
from medgrpo.evaluation.intervals import bootstrap
from medgrpo.evaluation.joining import JoinError, join, read_submission
from medgrpo.evaluation.judge_reply import (
    Asked,
    JudgeCallFailed,
    JudgedCaptions,
    ask_judge,
    caption_score,
    dense_caption_score,
    parse_judge_reply,
)
from medgrpo.evaluation.leaderboard import LeaderboardResult, score_leaderboard
from medgrpo.evaluation.leaderboard_ranking import COLUMNS, rank_models
from medgrpo.evaluation.minilm import LazyMiniLM, MiniLM, load_minilm
from medgrpo.evaluation.observing import NOISE, ObservingNoise, case_truths, noise_level, observe
from medgrpo.evaluation.parity import FileParity, check_folder
from medgrpo.evaluation.perception import Predictions, measure_video, predict_video, predict_videos, summarise
from medgrpo.evaluation.places import Place, read_labels
from medgrpo.evaluation.ranking import Detection, average_precision, detection_ap, expected_calibration_error
from medgrpo.evaluation.reasoning import StudySettings, flat_figures, judge_case, study
from medgrpo.evaluation.records import Record, Records, read_records, record_from
from medgrpo.evaluation.reference_checks import validate_records
from medgrpo.evaluation.retrieval import LabelledQuery, RetrievalResult, evaluate_retrieval
from medgrpo.evaluation.scoring import as_json, score_file, stopped
from medgrpo.evaluation.scripted_answers import SCRIPTS, answer_all, usable
from medgrpo.evaluation.similarity import Embedder, Remembering, cosines, mean_similarity
from medgrpo.evaluation.strict import StrictResult, score_strict
from medgrpo.evaluation.timeline import Agreement, edit_score, event_agreement, phase_segments, segment_f1
from medgrpo.evaluation.truth import CaseTruth, TrueEvent, TrueLook, conditions, read_case_truth, truth_of
from medgrpo.evaluation.verdict import Verdict

__all__ = [
    "COLUMNS",
    "NOISE",
    "SCRIPTS",
    "Agreement",
    "Asked",
    "CaseTruth",
    "Counts",
    "Detection",
    "Embedder",
    "ExtractionResult",
    "FileParity",
    "Grounding",
    "Interval",
    "JoinError",
    "JudgeCallFailed",
    "JudgedCaptions",
    "KindCounts",
    "LabelledQuery",
    "LabelledSentence",
    "LazyMiniLM",
    "LeaderboardResult",
    "Measure",
    "MiniLM",
    "ObservingNoise",
    "Place",
    "Predictions",
    "Record",
    "Records",
    "Remembering",
    "RetrievalResult",
    "StrictResult",
    "StudySettings",
    "TrueEvent",
    "TrueLook",
    "Verdict",
    "answer_all",
    "as_json",
    "ask_judge",
    "average_precision",
    "bootstrap",
    "caption_score",
    "case_truths",
    "check_folder",
    "conditions",
    "cosines",
    "dense_caption_score",
    "detection_ap",
    "edit_score",
    "evaluate_extraction",
    "evaluate_retrieval",
    "evaluate_source",
    "event_agreement",
    "expected_calibration_error",
    "failure_gallery",
    "flat_figures",
    "join",
    "judge_case",
    "load_minilm",
    "mean_similarity",
    "measure_grounding",
    "measure_video",
    "noise_level",
    "observe",
    "parse_judge_reply",
    "phase_segments",
    "predict_video",
    "predict_videos",
    "rank_models",
    "read_case_truth",
    "read_labels",
    "read_records",
    "read_submission",
    "record_from",
    "score_file",
    "score_leaderboard",
    "score_strict",
    "segment_f1",
    "stopped",
    "study",
    "summarise",
    "table_rows",
    "truth_of",
    "usable",
    "validate_records",
]
