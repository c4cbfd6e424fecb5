"""Measures: what perception sees against labels, and a timeline against the truth."""

from medgrpo.evaluation.gallery import failure_gallery
from medgrpo.evaluation.perception import Predictions, measure_video, predict_video, predict_videos, summarise
from medgrpo.evaluation.ranking import Detection, average_precision, detection_ap, expected_calibration_error
from medgrpo.evaluation.timeline import Agreement, edit_score, event_agreement, phase_segments, segment_f1

__all__ = [
    "Agreement",
    "Detection",
    "Predictions",
    "average_precision",
    "detection_ap",
    "edit_score",
    "event_agreement",
    "expected_calibration_error",
    "failure_gallery",
    "measure_video",
    "phase_segments",
    "predict_video",
    "predict_videos",
    "segment_f1",
    "summarise",
]
