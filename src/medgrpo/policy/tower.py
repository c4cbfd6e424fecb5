"""The nano model's vision tower before the language model learns: every token says what the truth of drawn pictures says there.

Two pictures of a case some seconds apart, as the tower takes them, and for each of their merged tokens one linear layer that names,
for either picture: what is under way (all tokens); the instruments whose boxes have their middle in that token's part of the
picture, with the corners; the grades, in the last quarter of what they are given for (all tokens). The layer is thrown away
afterwards. Grades come from the case as a whole; nothing else does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from medgrpo.core import InputError, Interrupted
from medgrpo.models import Patches, VideoForm, new_folder, open_encoder, patchify
from medgrpo.policy.exporting import write_model
from medgrpo.policy.features import seen_by
from medgrpo.policy.loading import load_network
from medgrpo.policy.recipe import ModelSettings
from medgrpo.sources import Problem, SimulatedCase, read_simulated
from medgrpo.video import Sampling, clip_from_frames

_GAPS = (1, 2, 4, 4, 8)
"""Seconds between two pictures of a pair: 16 pictures of one or two minutes are 4 or 8 apart, those of short clips 1."""
_PAIRS = 24
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


def train_tower(
    cases: Path, held_out: Path, model: str, out: Path, steps: int, seed: int,
    progress: Callable[[str, int, int], None], stop: Callable[[], bool], learning_rate: float = 1e-3,
) -> TowerFigures:  # fmt: skip
    """Train the tower and projector of `model` and write the whole checkpoint to the new folder `out`."""
    if out.exists():
        raise InputError(f"{out}: is already there; give a new folder")
    told, other = _cases(cases), _cases(held_out)
    words = _words([case for own in told for case in own])
    encoder = open_encoder(model)
    torch.manual_seed(seed)
    network = load_network(ModelSettings(checkpoint=model))
    network.model.language_model.requires_grad_(False)
    width = int(network.config.vision_config.out_hidden_size)
    layer = torch.nn.Linear(width, words.outputs)
    weights = [*network.model.visual.parameters(), *layer.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=learning_rate, weight_decay=0.01)
    draw = random.Random(seed)
    shown = _sampling(encoder.family.form)
    before, loss_mean = time.monotonic(), 0.0
    for step in range(steps):
        if stop():
            raise Interrupted(f"stopped at step {step} of {steps}; nothing was written")
        pairs = [_pair(draw.choice(draw.choice(told)), cases, draw) for _ in range(_PAIRS)]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate * min((step + 1) / 50, (steps - step) / max(1, steps - 50), 1.0)
        said, grid = _said(network, layer, pairs, encoder.family.form, shown)
        loss = tower_loss(said, truths_of(pairs, words, grid), words)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        loss_mean = 0.98 * loss_mean + 0.02 * loss.item()
        if time.monotonic() - before > 1 or step + 1 == steps:
            before = time.monotonic()
            progress(f"tower: loss {loss_mean / (1 - 0.98 ** (step + 1)):.3f}", step + 1, steps)
    draw = random.Random(seed + 1)
    with torch.no_grad():
        pairs = [_pair(draw.choice(draw.choice(other)), held_out, draw) for _ in range(10 * _PAIRS)]
        said, grid = _said(network, layer, pairs, encoder.family.form, shown)
        figures = figures_of(said, truths_of(pairs, words, grid), words)
    with new_folder(out) as unfinished:
        write_model(network, encoder, model, unfinished)
    return figures


def _cases(folder: Path) -> list[list[SimulatedCase]]:
    """By what is operated, so that each world is shown alike often."""
    found = [one for one in read_simulated(folder) if not isinstance(one, Problem) and len(one.pictures) > max(_GAPS)]
    if not found:
        raise InputError(f"{folder}: no whole simulated case with pictures lies in it; medgrpo simulate --frames makes them")
    by_world: dict[str, list[SimulatedCase]] = {}
    for case in found:
        by_world.setdefault(case.told.opening, []).append(case)
    return list(by_world.values())


def _words(cases: Sequence[SimulatedCase]) -> Words:
    labels = {label for case in cases for segments, _ in case.told.timed for _, label in segments}
    tools = {tool for case in cases for boxes in case.boxes.values() for tool in boxes}
    skills = {name for case in cases for name in case.told.skill or {}}
    views = {f"view {place}" for case in cases if case.told.view is not None for place in range(len(case.told.view[1]))}
    return Words(tuple(sorted(labels)), tuple(sorted(tools)), tuple(sorted(skills)) + tuple(sorted(views)))


def _pair(case: SimulatedCase, root: Path, draw: random.Random) -> Pair:
    held = sorted(case.pictures)
    gap = draw.choice(_GAPS)
    first = draw.choice(held[:-gap])
    second = min((one for one in held if one >= first + gap), default=held[-1])
    return Pair(case, (first, second), (root / case.pictures[first], root / case.pictures[second]))


def _sampling(form: VideoForm) -> Sampling:
    unit = form.side_multiple**2
    return Sampling(side_multiple=form.side_multiple, least_pixels=12 * unit, most_pixels=12 * unit)


def _said(
    network: Any, layer: torch.nn.Linear, pairs: Sequence[Pair], form: VideoForm, shown: Sampling
) -> tuple[Tensor, tuple[int, int]]:
    """What the linear layer says of every token, (N, tokens, outputs), and the rows and columns of tokens."""
    clips: list[Patches] = []
    for pair in pairs:
        rate = Fraction(1, pair.seconds[1] - pair.seconds[0])
        clips.append(patchify(clip_from_frames(pair.paths, rate, shown), form))
    if len({clip.grid_thw for clip in clips}) != 1:
        raise InputError("the pictures of the cases are of several sizes: simulate all with one --size")
    with torch.autocast(network.device.type, torch.bfloat16):
        features = seen_by(network, clips, network.device)
    _, rows, columns = clips[0].grid_thw
    merged = torch.stack([one[0] for one in features]).float()
    return layer(merged), (rows // form.merge_size, columns // form.merge_size)


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
