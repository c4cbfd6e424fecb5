"""What is asked of a model and how an answer is read and scored: one file per task of MedVidBench, listed in TASKS."""

from collections.abc import Mapping

from medgrpo.tasks.captions import Caption
from medgrpo.tasks.critical_view import CRITERIA, CriticalView, CriticalViewAnswer
from medgrpo.tasks.dense_captioning import DenseAnswer, DenseCaptioning, Event
from medgrpo.tasks.labels import NextActionLabels, next_action_labels
from medgrpo.tasks.matching import best_assignment, span_iou
from medgrpo.tasks.next_action import NO_STEP, NextAction, NextActionAnswer
from medgrpo.tasks.prompts import CONTEXTS, ROLES
from medgrpo.tasks.reading import estimated_tokens
from medgrpo.tasks.region_caption import RegionCaption
from medgrpo.tasks.rubric import DIMENSIONS, CaptionPair, Judge, Rating, RubricKind, parse_rating
from medgrpo.tasks.skill_assessment import ASPECTS, SkillAnswer, SkillAssessment
from medgrpo.tasks.spatiotemporal_grounding import PixelBox, SpatiotemporalGrounding, TrackAnswer
from medgrpo.tasks.task import AnyTask, Task, TaskCard
from medgrpo.tasks.temporal_grounding import TemporalAnswer, TemporalGrounding
from medgrpo.tasks.validation import Validation, validate
from medgrpo.tasks.video_summary import VideoSummary

TASKS: Mapping[str, AnyTask] = {
    "temporal_grounding": TemporalGrounding(),
    "spatiotemporal_grounding": SpatiotemporalGrounding(),
    "next_action": NextAction(),
    "dense_captioning": DenseCaptioning(),
    "video_summary": VideoSummary(),
    "region_caption": RegionCaption(),
    "skill_assessment": SkillAssessment(),
    "critical_view": CriticalView(),
}
"""Every task by name."""

_BY_QA_TYPE: Mapping[str, AnyTask] = {kind: task for task in TASKS.values() for kind in task.card.qa_types}


def task_of(qa_type: str) -> AnyTask | None:
    """The task of one of MedVidBench's eleven types, None for any other."""
    return _BY_QA_TYPE.get(qa_type)


__all__ = [
    "ASPECTS",
    "CONTEXTS",
    "CRITERIA",
    "DIMENSIONS",
    "NO_STEP",
    "ROLES",
    "TASKS",
    "AnyTask",
    "Caption",
    "CaptionPair",
    "CriticalView",
    "CriticalViewAnswer",
    "DenseAnswer",
    "DenseCaptioning",
    "Event",
    "Judge",
    "NextAction",
    "NextActionAnswer",
    "NextActionLabels",
    "PixelBox",
    "Rating",
    "RegionCaption",
    "RubricKind",
    "SkillAnswer",
    "SkillAssessment",
    "SpatiotemporalGrounding",
    "Task",
    "TaskCard",
    "TemporalAnswer",
    "TemporalGrounding",
    "TrackAnswer",
    "Validation",
    "VideoSummary",
    "best_assignment",
    "estimated_tokens",
    "next_action_labels",
    "parse_rating",
    "span_iou",
    "task_of",
    "validate",
]
