"""From predictions on operations that a network has not seen: memory, calibration and gate limits. Pure functions over arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from medgrpo.core import Box
from medgrpo.evaluation import average_precision
from medgrpo.knowledge import INSTRUMENTS
from medgrpo.perception import Head, Platt, Specialist
from medgrpo.sources import COUNTS, LabelledVideo
from medgrpo.video import endoscope_circle, read_image

MEMORY_CHOICES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0)
PHASE_MEMORY_CHOICES_SECONDS = (*MEMORY_CHOICES_SECONDS, 8.0)
"""Longer memory still helps the figures of sparsely labelled frames, but it would blur when an action begins and ends."""
GATE_QUANTILE = 1.0  # few videos are known, so the farthest unseen frame still counts as of the domain
_PRESENCE_HEADS: tuple[Head, ...] = ("instrument", "verb", "target", "triplet")


@dataclass(frozen=True, slots=True, eq=False)
class RawPredictions:
    """One unseen video: seconds (n,), truth and uncalibrated logits per component (n, classes), tip logits and whether each
    found a true box (m,), and the distance to the network's own domain of every labelled frame."""

    video: str
    seconds: NDArray[np.float32]
    truth: dict[str, NDArray[np.float32]]
    logits: dict[str, NDArray[np.float32]]
    tip_logits: NDArray[np.float32]
    tip_correct: NDArray[np.float32]
    distances: NDArray[np.float32]


def predict_raw(specialist: Specialist, video: LabelledVideo) -> RawPredictions:
    """Run a network whose card calibrates nothing (slope 1, offset 0) over one video's labelled frames."""
    logits = {name: np.zeros((len(video.frames), count), np.float32) for name, count in COUNTS.items()}
    distances: list[float] = []
    tip_logits: list[float] = []
    tip_correct: list[float] = []
    for row, frame in enumerate(video.frames):
        picture = read_image(frame.image)
        circle = endoscope_circle(picture)
        raw = specialist.look(specialist.prepare(picture, circle), circle)
        if frame.instances:  # a black picture says nothing about the domain
            distances.append(raw.distances[0])
        for head, values in raw.logits.items():
            logits[head][row] = values
        free: dict[str, list[Box]] = {name: [] for name in INSTRUMENTS}
        for instance in frame.instances:
            if instance.instrument is not None and instance.instrument_box is not None:
                free[INSTRUMENTS[instance.instrument]].append(instance.instrument_box)
        for tip in raw.tips:
            chance = min(max(tip.probability, 1e-6), 1 - 1e-6)
            tip_logits.append(float(np.log(chance / (1 - chance))))
            match = next((box for box in free[tip.instrument] if box.iou(tip.box_xyxy) >= 0.5), None)
            tip_correct.append(float(match is not None))
            if match is not None:
                free[tip.instrument].remove(match)
    seconds = np.array([frame.seconds for frame in video.frames], np.float32)
    return RawPredictions(
        video.name,
        seconds,
        video.presence(),
        logits,
        np.array(tip_logits, np.float32),
        np.array(tip_correct, np.float32),
        np.array(distances, np.float32),
    )


def smooth(logits: NDArray[np.float32], seconds: NDArray[np.float32], memory_seconds: float) -> NDArray[np.float32]:
    """Causal exponential mean over irregular times, as the perceiver does it at work."""
    smoothed = logits.copy()
    for row in range(1, len(logits)):
        keep = np.exp(-(seconds[row] - seconds[row - 1]) / memory_seconds) if memory_seconds > 0 else 0.0
        smoothed[row] = smoothed[row - 1] * keep + logits[row] * (1 - keep)
    return smoothed


def choose_memory(videos: Sequence[RawPredictions]) -> dict[Head, float]:
    """Per head the memory with the best mean average precision over unseen videos; tips are never smoothed."""
    chosen: dict[Head, float] = {"tip": 0.0}
    heads: tuple[Head, ...] = (*_PRESENCE_HEADS, "phase")
    for head in heads:
        choices = PHASE_MEMORY_CHOICES_SECONDS if head == "phase" else MEMORY_CHOICES_SECONDS
        chosen[head] = max(choices, key=lambda memory, head=head: _mean_ap(videos, head, memory))
    return chosen


def _mean_ap(videos: Sequence[RawPredictions], head: str, memory: float) -> float:
    means: list[float] = []
    for video in videos:
        score = smooth(video.logits[head], video.seconds, memory)
        if head == "phase":
            score = score - np.log(np.exp(score).sum(1, keepdims=True))
        values = [average_precision(video.truth[head][:, index], score[:, index]) for index in range(score.shape[1])]
        means.append(fmean([value for value in values if value is not None]))
    return fmean(means)


def calibrate(videos: Sequence[RawPredictions], memory: dict[Head, float]) -> dict[Head, Platt]:
    """Slope and offset per head (shared by its classes, as few videos cannot carry more), by maximum likelihood."""
    found: dict[Head, Platt] = {}
    for head in _PRESENCE_HEADS:
        logits = np.concatenate([smooth(video.logits[head], video.seconds, memory[head]) for video in videos])
        found[head] = fit_platt(logits, np.concatenate([video.truth[head] for video in videos]))
    logits = np.concatenate([smooth(video.logits["phase"], video.seconds, memory["phase"]) for video in videos])
    found["phase"] = fit_temperature(logits, np.concatenate([video.truth["phase"] for video in videos]))
    tips = np.concatenate([video.tip_logits for video in videos])
    found["tip"] = fit_platt(tips, np.concatenate([video.tip_correct for video in videos]))
    return found


def fit_platt(logits: NDArray[np.float32], truth: NDArray[np.float32]) -> Platt:
    """Platt (1999): minimise the cross-entropy of sigmoid(slope * logit + offset); the slope stays positive."""
    x, y = torch.from_numpy(logits).double().flatten(), torch.from_numpy(truth).double().flatten()
    values = _minimise(lambda p: functional.binary_cross_entropy_with_logits(x * p[0].exp() + p[1], y))
    return Platt(slope=float(values[0].exp()), offset=float(values[1]))


def fit_temperature(logits: NDArray[np.float32], truth: NDArray[np.float32]) -> Platt:
    """Guo et al. (2017): one slope for a softmax; rows without a label are left out."""
    labelled = truth.sum(1) > 0
    x, y = torch.from_numpy(logits[labelled]).double(), torch.from_numpy(truth[labelled].argmax(1))
    values = _minimise(lambda p: functional.cross_entropy(x * p[0].exp(), y))
    return Platt(slope=float(values[0].exp()), offset=0.0)


def _minimise(cost: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    values = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([values], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        now = cost(values)
        now.backward()
        return now

    optimiser.step(closure)  # pyright: ignore[reportUnknownMemberType]
    return values.detach()


def gate_limit(videos: Sequence[RawPredictions]) -> float:
    """The distance within which the frames of unseen videos of the domain lie."""
    return float(np.quantile(np.concatenate([video.distances for video in videos]), GATE_QUANTILE))
