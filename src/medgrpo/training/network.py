"""The specialist: one picture -> tips, instruments, verbs, targets, triplets, phase.

A dense head at stride 16 finds instrument tips (centre heat map, offset, size; after Zhou et al. 2019, "Objects as Points").
Its heat maps also guide attention: for each instrument the features where that instrument is are pooled, and what it does to
what is read from there (the idea of class-activation guidance, Nwoye et al. 2022), added to what the whole picture says.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS
from medgrpo.training.backbone import EfficientNetLite

_WIDTH = 128
_ACTIONS = (len(VERBS), len(TARGETS), len(TRIPLETS))
_GLOBAL = (len(INSTRUMENTS), *_ACTIONS, len(PHASES))


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs. (batch, classes) each; `tips` is (batch, 6 + 4, height / 16, width / 16); `embedding` (batch, 1280)."""

    instrument: Tensor
    verb: Tensor
    target: Tensor
    triplet: Tensor
    phase: Tensor
    tips: Tensor
    embedding: Tensor


class Specialist(nn.Module):
    """See the module's text. Input (batch, 3, height, width), float 0..255, RGB, cropped to the endoscope's circle."""

    def __init__(self, backbone: EfficientNetLite, dropout: float) -> None:
        super().__init__()
        self.backbone = backbone
        self.from_fine = nn.Sequential(nn.Conv2d(backbone.stride16_channels, _WIDTH, 1, bias=False), nn.BatchNorm2d(_WIDTH))
        self.from_coarse = nn.Sequential(nn.Conv2d(backbone.stride32_channels, _WIDTH, 1, bias=False), nn.BatchNorm2d(_WIDTH))
        self.mix = nn.Sequential(nn.ReLU(), nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, bias=False), nn.BatchNorm2d(_WIDTH), nn.ReLU())
        self.tips = nn.Conv2d(_WIDTH, len(INSTRUMENTS) + 4, 1)
        nn.init.constant_(self.tips.bias[: len(INSTRUMENTS)], -3.0)  # pyright: ignore[reportOptionalSubscript]
        self.attention = nn.Conv2d(_WIDTH, len(INSTRUMENTS), 1)
        self.whole = nn.Linear(2 * backbone.stride32_channels, sum(_GLOBAL))
        self.acting = nn.Linear(_WIDTH, sum(_ACTIONS))
        self.acting_bias = nn.Parameter(torch.zeros(len(INSTRUMENTS), sum(_ACTIONS)))
        self.dropout = nn.Dropout(dropout)
        self.triplet_instrument: Tensor
        self.register_buffer("triplet_instrument", torch.tensor([INSTRUMENTS.index(t.instrument) for t in TRIPLETS]))

    def forward(self, images: Tensor) -> Logits:
        fine, coarse = self.backbone((images - 127.0) / 128.0)
        height, width = fine.shape[-2:]
        coarse_up = functional.interpolate(self.from_coarse(coarse), size=(height, width), mode="nearest")
        dense = self.mix(self.from_fine(fine) + coarse_up)
        tips = self.tips(dense)
        heat = tips[:, : len(INSTRUMENTS)].flatten(2)
        weights = (heat + self.attention(dense).flatten(2)).softmax(2)
        pooled = weights @ dense.flatten(2).transpose(1, 2)
        embedding = coarse.mean((2, 3))
        whole = self.whole(self.dropout(torch.cat([embedding, coarse.amax((2, 3))], 1)))
        instrument, verb, target, triplet, phase = whole.split(_GLOBAL, 1)
        acting_verb, acting_target, acting_triplet = (self.acting(self.dropout(pooled)) + self.acting_bias).split(_ACTIONS, 2)
        index = self.triplet_instrument[None, None].expand(len(images), 1, -1)
        return Logits(
            instrument=instrument + (heat.amax(2) + (weights * heat).sum(2)) / 2,
            verb=verb + acting_verb.amax(1),
            target=target + acting_target.amax(1),
            triplet=triplet + acting_triplet.gather(1, index)[:, 0],
            phase=phase,
            tips=tips,
            embedding=embedding,
        )
