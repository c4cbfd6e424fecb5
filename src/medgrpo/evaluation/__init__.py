"""Measures: what perception sees against labels, a timeline against the truth, forecasts, statements, extraction and search."""

from medgrpo.evaluation.extraction import Counts, Interval, LabelledSentence, Measure
from medgrpo.evaluation.extraction_run import ExtractionResult, evaluate_extraction
from medgrpo.evaluation.forecast_run import evaluate_source, table_rows
from medgrpo.evaluation.forecast_tracker import evaluate_tracker, fit_scaling
from medgrpo.evaluation.gallery import failure_gallery
from medgrpo.evaluation.grounding import Grounding, KindCounts, measure_grounding
from medgrpo.evaluation.intervals import bootstrap, ratio_interval
from medgrpo.evaluation.observing import NOISE, ObservingNoise, case_truths, noise_level, observe
from medgrpo.evaluation.perception import Predictions, measure_video, predict_video, predict_videos, summarise
from medgrpo.evaluation.places import Place, read_labels
from medgrpo.evaluation.ranking import Detection, average_precision, detection_ap, expected_calibration_error
from medgrpo.evaluation.reasoning import StudySettings, flat_figures, judge_case, study
from medgrpo.evaluation.retrieval import LabelledQuery, RetrievalResult, evaluate_retrieval, held_out
from medgrpo.evaluation.timeline import Agreement, edit_score, event_agreement, phase_segments, segment_f1
from medgrpo.evaluation.truth import CaseTruth, TrueEvent, TrueLook, conditions, read_case_truth, truth_of

__all__ = [
    "NOISE",
    "Agreement",
    "CaseTruth",
    "Counts",
    "Detection",
    "ExtractionResult",
    "Grounding",
    "Interval",
    "KindCounts",
    "LabelledQuery",
    "LabelledSentence",
    "Measure",
    "ObservingNoise",
    "Place",
    "Predictions",
    "RetrievalResult",
    "StudySettings",
    "TrueEvent",
    "TrueLook",
    "average_precision",
    "bootstrap",
    "case_truths",
    "conditions",
    "detection_ap",
    "edit_score",
    "evaluate_extraction",
    "evaluate_retrieval",
    "evaluate_source",
    "evaluate_tracker",
    "event_agreement",
    "expected_calibration_error",
    "failure_gallery",
    "fit_scaling",
    "flat_figures",
    "held_out",
    "judge_case",
    "measure_grounding",
    "measure_video",
    "noise_level",
    "observe",
    "phase_segments",
    "predict_video",
    "predict_videos",
    "ratio_interval",
    "read_case_truth",
    "read_labels",
    "segment_f1",
    "study",
    "summarise",
    "table_rows",
    "truth_of",
]
