"""Average precision, calibration error and detection AP: small functions, checked by hand and against ivtmetrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Box

Matrix = NDArray[np.float32]


def average_precision(truth: NDArray[np.float32], score: NDArray[np.float32]) -> float | None:
    """Area under the precision-recall steps, sum of (R_n - R_{n-1}) P_n; equal scores count as one threshold.

    The definition of scikit-learn's average_precision_score, which ivtmetrics uses. None when nothing is positive.
    """
    positives = float(truth.sum())
    if positives == 0:
        return None
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    last_of_tie = np.append(np.diff(score[order]) != 0, True)
    precision = (hits / np.arange(1, len(truth) + 1))[last_of_tie]
    recall = (hits / positives)[last_of_tie]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def expected_calibration_error(truth: Matrix, probability: Matrix, bins: int = 10) -> float:
    """ECE with bins of equal width over all classes pooled: mean |share true - mean probability|, weighted by bin size."""
    flat_truth, flat = truth.ravel(), probability.ravel()
    place = np.minimum((flat * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            error += float(inside.mean()) * abs(float(flat_truth[inside].mean()) - float(flat[inside].mean()))
    return error


@dataclass(frozen=True, slots=True)
class Detection:
    """One found box: in which frame, where, how sure."""

    frame: int
    box_xyxy: Box
    probability: float


def detection_ap(found: Sequence[Detection], truth: Sequence[tuple[int, Box]], iou: float = 0.5) -> float | None:
    """AP at one IoU: best first, each true box can be found once (Pascal VOC), area under the interpolated curve.

    None when there is no true box.
    """
    if not truth:
        return None
    free: dict[int, list[Box]] = {}
    for frame, box in truth:
        free.setdefault(frame, []).append(box)
    correct: list[float] = []
    for detection in sorted(found, key=lambda item: -item.probability):
        candidates = free.get(detection.frame, [])
        best = max(candidates, key=detection.box_xyxy.iou, default=None)
        if best is not None and detection.box_xyxy.iou(best) >= iou:
            candidates.remove(best)
            correct.append(1.0)
        else:
            correct.append(0.0)
    if not correct:
        return 0.0
    hits = np.cumsum(correct)
    recall = hits / len(truth)
    precision = hits / np.arange(1, len(correct) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))
