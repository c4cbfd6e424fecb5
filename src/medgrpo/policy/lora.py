"""Low-rank adapters (Hu et al., arXiv 2106.09685): W x becomes W x + (alpha / rank) B A x, with W left alone.

B begins at zero, so that the network is the one it was before the first step. When a run is done A and B are saved apart, as peft
reads them, and their product is added to W: what is exported is an ordinary checkpoint that every engine opens.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from medgrpo.core import ModelError
from medgrpo.policy.four_bit import FourBitLinear, Quantise

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "in_proj_qkv", "in_proj_z", "out_proj")
"""The projections of the language model's layers, by the names that Qwen's classes give them; the last three are Qwen3.5's."""


class LowRank(nn.Module):
    """A frozen linear layer with a trained correction. `down` (rank, in), `up` (out, rank), float32."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, quantise: Quantise | None = None) -> None:
        super().__init__()
        weight = base.weight
        self.base = base.requires_grad_(False) if quantise is None else quantise(base)
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
        """The plain layer that computes the same, made of this one; where weights are of four bits, of what these stand for."""
        if isinstance(self.base, FourBitLinear):
            return self.plain()
        self.base.weight += self._correction()
        return self.base

    @torch.no_grad()
    def plain(self) -> nn.Linear:
        """The plain layer that computes the same, beside this one."""
        if isinstance(self.base, FourBitLinear):
            return self.base.plain(self._correction())
        bias = cast("nn.Parameter | None", self.base.bias)
        weight = self.base.weight
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias is not None, weight.device, weight.dtype)
        layer.weight.copy_(weight + self._correction())
        if bias is not None:
            layer.bias.copy_(bias)
        return layer

    def _correction(self) -> Tensor:
        return self.scale * (self.up @ self.down)


def add_adapters(language: Any, rank: int, alpha: float, quantise: Quantise | None = None) -> None:
    """Put adapters on every target inside the language model, whose own weights stop being trained. ModelError without a target.

    `quantise` makes of each target's own layer one with fewer bits.
    """
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
        setattr(parent, name, LowRank(child, rank, alpha, quantise))


def merge_adapters(network: nn.Module) -> None:
    """Add every correction to its layer and take the adapters away."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LowRank):
                setattr(parent, name, child.merged())


@torch.no_grad()
def whole_weights(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Every weight under the name that it has without adapters, corrections added; the network stays as it is. Of the merged ones
    no more than one is there at a time."""
    adapted = {name: module for name, module in network.named_modules() if isinstance(module, LowRank)}
    for name, weight in network.named_parameters():
        owner = name.rpartition(".")[0]
        if owner not in adapted and owner.rpartition(".")[0] not in adapted:
            yield name, weight.detach()
    for name, module in adapted.items():
        layer = module.plain()
        yield f"{name}.weight", layer.weight.detach()
        bias = cast("Tensor | None", layer.bias)  # its type says that there always is one
        if bias is not None:
            yield f"{name}.bias", bias.detach()


def trained_weights(network: nn.Module) -> dict[str, Tensor]:
    """By name: what a checkpoint has to hold where everything else stays as it was loaded."""
    return {name: weight for name, weight in network.named_parameters() if weight.requires_grad}


@contextmanager
def without_adapters(network: nn.Module) -> Generator[None]:
    """The network as it was before training, for as long as this lasts: every correction counts nothing."""
    found = [module for module in network.modules() if isinstance(module, LowRank)]
    scales = [module.scale for module in found]
    for module in found:
        module.scale = 0.0
    try:
        yield
    finally:
        for module, scale in zip(found, scales, strict=True):
            module.scale = scale


def save_adapters(network: Any, checkpoint: str, target: Path) -> None:
    """The corrections alone, in the form that peft reads: `adapter_config.json` and `adapter_model.safetensors`. Before merging."""
    found = {name: module for name, module in cast("nn.Module", network).named_modules() if isinstance(module, LowRank)}
    if not found:
        raise ModelError("the network has no adapters to save")
    first = next(iter(found.values()))
    rank = first.down.shape[0]
    tensors: dict[str, Tensor] = {}
    for name, module in found.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = module.down.detach().cpu().contiguous()
        tensors[f"base_model.model.{name}.lora_B.weight"] = module.up.detach().cpu().contiguous()
    stated = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": checkpoint,
        "r": rank,
        "lora_alpha": first.scale * rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted(found),
        "inference_mode": True,
    }
    target.mkdir(parents=True, exist_ok=True)
    save_file(tensors, target / "adapter_model.safetensors", metadata={"format": "pt"})
    (target / "adapter_config.json").write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
