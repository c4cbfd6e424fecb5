"""How well perception sees: the field's figures on any folder of CholecT50's layout, for one or many videos.

Image-level average precision per class, mean over the classes that occur in a video, then mean over videos (the field's
video-wise mAP). A frame that perception did not assess scores 0 for every class and is counted; nothing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Box
from medgrpo.evaluation.ranking import Detection, average_precision, detection_ap, expected_calibration_error
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import Perceiver, Seen
from medgrpo.sources import COUNTS, LabelledVideo, read_video
from medgrpo.video import Frame, read_image

_NAMES = {
    "instrument": INSTRUMENTS,
    "verb": VERBS,
    "target": TARGETS,
    "triplet": tuple(triplet.name for triplet in TRIPLETS),
    "phase": PHASES,
}


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One video's truth and prediction side by side. Per component (frames, classes); boxes per instrument name."""

    video: LabelledVideo
    truth: dict[str, NDArray[np.float32]]
    probability: dict[str, NDArray[np.float32]]
    not_assessed: dict[str, int]
    found_tips: dict[str, list[Detection]] = field(default_factory=dict[str, list[Detection]])
    true_tips: dict[str, list[tuple[int, Box]]] = field(default_factory=dict[str, list[tuple[int, Box]]])


def predict_video(perceiver: Perceiver, video: LabelledVideo, progress: Callable[[int, int], None]) -> Predictions:
    """Run the perceiver causally over the labelled frames of one video, from a fresh memory."""
    perceiver.reset()
    probability = {name: np.zeros((len(video.frames), count), np.float32) for name, count in COUNTS.items()}
    reasons: dict[str, int] = {}
    found: dict[str, list[Detection]] = {name: [] for name in INSTRUMENTS}
    true: dict[str, list[tuple[int, Box]]] = {name: [] for name in INSTRUMENTS}
    for row, frame in enumerate(video.frames):
        observation = perceiver.look(Frame(row, float(frame.seconds), read_image(frame.image)))
        if observation.seen is None:
            reason = observation.not_assessed or ""
            reasons[reason] = reasons.get(reason, 0) + 1
        else:
            _fill(probability, row, observation.seen)
            for tip in observation.seen.tips:
                found[tip.instrument].append(Detection(row, tip.box_xyxy, tip.probability))
        for instance in frame.instances:
            if instance.instrument is not None and instance.instrument_box is not None:
                true[INSTRUMENTS[instance.instrument]].append((row, instance.instrument_box))
        progress(row + 1, len(video.frames))
    return Predictions(video, video.presence(), probability, reasons, found, true)


def _fill(probability: Mapping[str, NDArray[np.float32]], row: int, seen: Seen) -> None:
    for name, values in zip(COUNTS, (seen.instruments, seen.verbs, seen.targets, seen.triplets, seen.phases), strict=True):
        probability[name][row] = values


def measure_video(predictions: Predictions) -> dict[str, Any]:
    """All figures of one video, each with its base rate (chance level) and number of positives."""
    video = predictions.video
    figures: dict[str, Any] = {"video": video.name, "frames": len(video.frames), "not_assessed": predictions.not_assessed}
    figures["pictures_without_label"], figures["labels_without_picture"] = video.unlabelled, video.missing_images
    for name in COUNTS:
        truth, probability = predictions.truth[name], predictions.probability[name]
        values = [average_precision(truth[:, index], probability[:, index]) for index in range(truth.shape[1])]
        present = [index for index, value in enumerate(values) if value is not None]
        figures[f"{name}_map"] = fmean(cast("list[float]", [values[index] for index in present])) if present else None
        figures[f"{name}_base_rate"] = float(truth[:, present].mean()) if present else None
        figures[f"{name}_positives"] = int(truth.sum())
        figures[f"{name}_ap"] = {
            _NAMES[name][index]: {"ap": values[index], "positives": int(truth[:, index].sum())} for index in present
        }
    figures["instrument_ece"] = expected_calibration_error(predictions.truth["instrument"], predictions.probability["instrument"])
    phases = predictions.truth["phase"]
    known = phases.sum(1) > 0
    right = predictions.probability["phase"].argmax(1) == phases.argmax(1)
    figures["phase_accuracy"] = float(right[known].mean()) if known.any() else None
    tips = {name: detection_ap(predictions.found_tips.get(name, []), predictions.true_tips.get(name, [])) for name in INSTRUMENTS}
    boxes = {name: len(predictions.true_tips.get(name, [])) for name in INSTRUMENTS}
    measured = [value for value in tips.values() if value is not None]
    figures["tip_ap50"] = fmean(measured) if measured else None
    figures["tip_positives"] = sum(boxes.values())
    figures["tip_ap50_by_instrument"] = {name: {"ap": tips[name], "boxes": boxes[name]} for name in INSTRUMENTS if boxes[name]}
    return figures


_MEANS = (
    *(f"{name}_{what}" for name in COUNTS for what in ("map", "base_rate")),
    "instrument_ece", "phase_accuracy", "tip_ap50",
)  # fmt: skip


def summarise(videos: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean over videos of every figure (a video in which nothing of a kind occurs stays out of that mean and is counted)."""
    summary: dict[str, Any] = {"videos": [video["video"] for video in videos], "frames": sum(video["frames"] for video in videos)}
    for key in _MEANS:
        known = [float(video[key]) for video in videos if video[key] is not None]
        summary[key] = fmean(known) if known else None
    for key in (*(f"{name}_positives" for name in COUNTS), "tip_positives"):
        summary[key] = sum(video[key] for video in videos)
    reasons: dict[str, int] = {}
    for video in videos:
        for reason, count in cast("Mapping[str, int]", video["not_assessed"]).items():
            reasons[reason] = reasons.get(reason, 0) + count
    summary["not_assessed"] = reasons
    return summary


def predict_videos(
    perceiver: Perceiver, folder: Path, names: Sequence[str], progress: Callable[[str, int, int], None]
) -> list[Predictions]:
    """Predictions for the named videos of a folder of CholecT50's layout; DataError when one is wrong."""
    return [
        predict_video(perceiver, read_video(folder, name), lambda done, total, name=name: progress(name, done, total))
        for name in names
    ]
