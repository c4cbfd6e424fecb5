"""The nano model's vision tower before the language model learns: every token says what the truth of drawn pictures says there.

Two pictures of a case some seconds apart, as the tower takes them, and for each of their merged tokens one linear layer that names,
for either picture: what is under way (all tokens); the instruments whose boxes have their middle in that token's part of the
picture, with the corners; the grades, in the last quarter of what they are given for (all tokens). The layer is thrown away
afterwards. Grades come from the case as a whole; nothing else does. The training itself: `tower_run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from medgrpo.sources import SimulatedCase

_GRADES = 5
_WEIGHT_BOX = 5.0


@dataclass(frozen=True, slots=True)
class Words:
    """What can be said of a picture, from all cases; each group in the order of the linear layer's outputs."""

    labels: tuple[str, ...]
    tools: tuple[str, ...]
    grades: tuple[str, ...]

    @property
    def outputs(self) -> int:
        return 2 * (len(self.labels) + 5 * len(self.tools)) + _GRADES * len(self.grades)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of a case, by their seconds, and where they lie."""

    case: SimulatedCase
    seconds: tuple[int, int]
    paths: tuple[Path, Path]


@dataclass(frozen=True, slots=True)
class Truths:
    """Of pairs (N): `labels` (N, 2, labels) 0 or 1; `cells` (N, 2, tools) the token of the box's middle, -1 for none; `corners`
    (N, 2, tools, 4) in shares of the picture; `grades` (N, grades), -1 for none."""

    labels: Tensor
    cells: Tensor
    corners: Tensor
    grades: Tensor


@dataclass(frozen=True, slots=True)
class TowerFigures:
    """On pairs that were not trained on: share of pictures whose strongest label holds, of boxes found (their token says so more
    than not), and the mean overlap (IoU) of the corners said there."""

    label: float
    found: float
    overlap: float


def truths_of(pairs: Sequence[Pair], words: Words, grid: tuple[int, int]) -> Truths:
    """What should be said of these pairs by tokens in a grid of (rows, columns)."""
    rows, columns = grid
    count, tools = len(pairs), len(words.tools)
    label_numbers = {label: number for number, label in enumerate(words.labels)}
    tool_numbers = {tool: number for number, tool in enumerate(words.tools)}
    labels, cells = np.zeros((count, 2, len(words.labels)), np.float32), np.full((count, 2, tools), -1, np.int64)
    corners, grades = np.zeros((count, 2, tools, 4), np.float32), np.full((count, len(words.grades)), -1, np.int64)
    for place, pair in enumerate(pairs):
        width, height = pair.case.size_wh
        for which, second in enumerate(pair.seconds):
            for segments, _ in pair.case.told.timed:
                for span, label in segments:
                    if label in label_numbers and span.start_seconds <= second < span.end_seconds:
                        labels[place, which, label_numbers[label]] = 1
            for tool, box in pair.case.boxes.get(second, {}).items():
                if tool in tool_numbers:
                    number = tool_numbers[tool]
                    ends = np.array([box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height])
                    column, row = int((ends[0] + ends[2]) / 2 * columns), int((ends[1] + ends[3]) / 2 * rows)
                    cells[place, which, number] = min(row, rows - 1) * columns + min(column, columns - 1)
                    corners[place, which, number] = ends
        for name, grade in _grades(pair).items():
            grades[place, words.grades.index(name)] = grade
    return Truths(*(torch.from_numpy(one) for one in (labels, cells, corners, grades)))


def _grades(pair: Pair) -> dict[str, int]:
    """Grades that the second picture may show: of skill (5 as 4) near the case's end, of the view near its dissection's end."""
    told, second = pair.case.told, pair.seconds[1]
    found: dict[str, int] = {}
    if told.skill is not None and second >= 0.75 * pair.case.seconds:
        found |= {name: grade - 1 for name, grade in told.skill.items()}
    if told.view is not None:
        span, grades = told.view
        if span.end_seconds - 0.25 * span.duration_seconds <= second < span.end_seconds:
            found |= {f"view {place}": grade for place, grade in enumerate(grades)}
    return found


def _split(said: Tensor, words: Words) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(N, tokens, 2, labels), (N, tokens, 2, tools), (N, tokens, 2, tools, 4), (N, tokens, grades, 5)."""
    count, tokens, _ = said.shape
    labels, tools = len(words.labels), len(words.tools)
    first, second, third, last = said.split([2 * labels, 2 * tools, 8 * tools, _GRADES * len(words.grades)], dim=2)
    return (
        first.reshape(count, tokens, 2, labels),
        second.reshape(count, tokens, 2, tools),
        third.reshape(count, tokens, 2, tools, 4),
        last.reshape(count, tokens, len(words.grades), _GRADES),
    )


def tower_loss(said: Tensor, truths: Truths, words: Words) -> Tensor:
    """Summed over what a token says, averaged over pairs, pictures and tokens; corners as five times the absolute error."""
    labels, tools, corners, grades = _split(said, words)
    tokens = said.shape[1]
    loss = functional.binary_cross_entropy_with_logits(
        labels, truths.labels[:, None].expand_as(labels), reduction="sum"
    ) / (labels.shape[0] * 2 * tokens)  # fmt: skip
    here = truths.cells[:, None] == torch.arange(tokens)[:, None, None]
    loss = loss + functional.binary_cross_entropy_with_logits(tools, here.float(), reduction="sum") / (tools.shape[0] * 2)
    if here.any():
        wanted = truths.corners[:, None].expand_as(corners)
        loss = loss + _WEIGHT_BOX * (corners[here] - wanted[here]).abs().sum(1).mean()
    known = (truths.grades >= 0)[:, None].expand(grades.shape[:3])
    if known.any():
        right = truths.grades[:, None].expand(grades.shape[:3])
        loss = loss + functional.cross_entropy(grades[known], right[known])
    return loss


def figures_of(said: Tensor, truths: Truths, words: Words) -> TowerFigures:
    """How well pairs are told; see TowerFigures."""
    labels, tools, corners, _ = _split(said, words)
    best = labels.mean(1).argmax(2, keepdim=True)
    known = truths.labels.any(2)
    right = truths.labels.gather(2, best)[..., 0]
    here = truths.cells[:, None] == torch.arange(said.shape[1])[:, None, None]
    wanted = truths.corners[:, None].expand_as(corners)[here]
    given = corners[here]
    inner = (torch.minimum(given[:, 2:], wanted[:, 2:]) - torch.maximum(given[:, :2], wanted[:, :2])).clamp(min=0).prod(1)
    outer = (given[:, 2:] - given[:, :2]).clamp(min=0).prod(1) + (wanted[:, 2:] - wanted[:, :2]).prod(1) - inner
    return TowerFigures(
        label=right[known].mean().item(), found=(tools[here] > 0).float().mean().item(), overlap=(inner / outer).mean().item()
    )
