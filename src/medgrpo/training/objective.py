"""What the specialist is trained on: targets as tensors, and the loss. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from medgrpo.knowledge import INSTRUMENTS
from medgrpo.training.network import Logits

STRIDE = 16


@dataclass(frozen=True, slots=True)
class TipTargets:
    """heat (batch, 6, h, w), 1 at tip centres; place (batch, 4, h, w): offset x, y and log size in cells; at (batch, 1, h, w)."""

    heat: Tensor
    place: Tensor
    at: Tensor


def tip_targets(boxes: Sequence[tuple[Tensor, Tensor, Tensor]], height: int, width: int) -> TipTargets:
    """`boxes` per picture: class ids (n,), centres (n, 2) and sizes (n, 2), 0..1. Centres outside the picture are left out."""
    rows, columns = height // STRIDE, width // STRIDE
    count = len(boxes)
    heat, place, at = (torch.zeros(count, channels, rows, columns) for channels in (len(INSTRUMENTS), 4, 1))
    y = torch.arange(rows)[:, None] + 0.5
    x = torch.arange(columns)[None] + 0.5
    cells = torch.tensor([columns, rows])
    for picture, (classes, centres, sizes) in enumerate(boxes):
        for kind, centre, size in zip(classes.tolist(), centres * cells, sizes * cells, strict=True):
            column, row = int(centre[0].floor()), int(centre[1].floor())
            if not (0 <= column < columns and 0 <= row < rows):
                continue
            spread = max(0.7, float(size.min()) / 5)
            bump = torch.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * spread**2))
            bump[row, column] = 1.0
            heat[picture, kind] = torch.maximum(heat[picture, kind], bump)
            place[picture, :2, row, column] = centre - torch.tensor([column, row])
            place[picture, 2:, row, column] = size.clamp(min=0.3).log()
            at[picture, 0, row, column] = 1.0
    return TipTargets(heat, place, at)


def tip_loss(tips: Tensor, wanted: TipTargets) -> Tensor:
    """Penalty-reduced focal loss on the heat map (Zhou et al. 2019, equation 1) and L1 on place and size at true centres."""
    kinds = wanted.heat.shape[1]
    chance = tips[:, :kinds].sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = (wanted.heat >= 0.999).float()
    found = centre * (1 - chance) ** 2 * chance.log()
    quiet = (1 - centre) * (1 - wanted.heat) ** 4 * chance**2 * (1 - chance).log()
    place = (wanted.at * (tips[:, kinds:] - wanted.place).abs()).sum() / wanted.at.sum().clamp(min=1)
    return -(found + quiet).sum() / centre.sum().clamp(min=1) + 0.4 * place


def loss(logits: Logits, presence: Mapping[str, Tensor], tips: TipTargets, smoothing: float) -> Tensor:
    """The weighted sum over all heads; `presence` holds (batch, classes) 0/1 per component, phases one-hot (all 0 = unknown)."""

    def multi(values: Tensor, wanted: Tensor) -> Tensor:
        softened = wanted * (1 - smoothing) + smoothing / 4
        return functional.binary_cross_entropy_with_logits(values, softened, reduction="none").sum(1).mean()

    known = presence["phase"].sum(1, keepdim=True)
    phase = -(presence["phase"] / known.clamp(min=1) * logits.phase.log_softmax(1)).sum(1).mean()
    actions = 0.7 * multi(logits.verb, presence["verb"]) + 0.7 * multi(logits.target, presence["target"])
    named = multi(logits.instrument, presence["instrument"]) + 0.5 * multi(logits.triplet, presence["triplet"])
    return named + actions + 0.3 * phase + 0.7 * tip_loss(logits.tips, tips)
