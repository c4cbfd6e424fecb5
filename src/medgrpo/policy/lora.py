"""Low-rank adapters (Hu et al., arXiv 2106.09685): W x becomes W x + (alpha / rank) B A x, with W left alone.

B begins at zero, so that the network is the one it was before the first step. When a run is done the product is added to W: what is
exported is an ordinary checkpoint that every engine opens, with nothing to know about adapters.
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn

from medgrpo.core import ModelError

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The projections of the language model's layers, by the names that Qwen's classes give them."""


class LowRank(nn.Module):
    """A frozen linear layer with a trained correction. `down` (rank, in), `up` (out, rank), float32."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        weight = base.weight
        self.down = nn.Parameter(torch.empty(rank, base.in_features, device=weight.device, dtype=weight.dtype))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank, device=weight.device, dtype=weight.dtype))
        self.scale = alpha / rank
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        correction = nn.functional.linear(nn.functional.linear(values, self.down), self.up)
        return self.base(values) + self.scale * correction

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """The plain layer that computes the same."""
        self.base.weight += self.scale * (self.up @ self.down)
        return self.base


def add_adapters(language: Any, rank: int, alpha: float) -> None:
    """Put adapters on every target inside the language model, whose own weights stop being trained. ModelError without a target."""
    language.requires_grad_(False)
    found = [
        (parent, name, child)
        for parent in cast("list[nn.Module]", list(language.modules()))
        for name, child in parent.named_children()
        if name in TARGETS and isinstance(child, nn.Linear)
    ]
    if not found:
        raise ModelError(f"the language model has none of the layers {', '.join(TARGETS)} that adapters go on")
    for parent, name, child in found:
        setattr(parent, name, LowRank(child, rank, alpha))


def merge_adapters(network: nn.Module) -> None:
    """Add every correction to its layer and take the adapters away."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LowRank):
                setattr(parent, name, child.merged())
