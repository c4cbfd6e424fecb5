"""Measures: what perception sees against labels, and a timeline against the truth."""

from medgrpo.evaluation.gallery import failure_gallery
from medgrpo.evaluation.observing import NOISE, ObservingNoise, case_truths, noise_level, observe
from medgrpo.evaluation.perception import Predictions, measure_video, predict_video, predict_videos, summarise
from medgrpo.evaluation.ranking import Detection, average_precision, detection_ap, expected_calibration_error
from medgrpo.evaluation.timeline import Agreement, edit_score, event_agreement, phase_segments, segment_f1

__all__ = [
    "NOISE",
    "Agreement",
    "Detection",
    "ObservingNoise",
    "Predictions",
    "average_precision",
    "case_truths",
    "detection_ap",
    "edit_score",
    "event_agreement",
    "expected_calibration_error",
    "failure_gallery",
    "measure_video",
    "noise_level",
    "observe",
    "phase_segments",
    "predict_video",
    "predict_videos",
    "segment_f1",
    "summarise",
]
