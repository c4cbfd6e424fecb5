"""Frozen weights of four bits (QLoRA, Dettmers et al., arXiv 2305.14314): NF4 in blocks of 64, taken apart and put together by
bitsandbytes' functions.

Its layer is not used: on processors it turns its weights into a form for inference at the first forward pass in eval mode, in which
gradients are lost without an error, and a rollout is such a pass before every update. Here the weights are put together again for
each product, forward and backward; gradients pass to the layer's input and so to the adapters below it.
"""

from __future__ import annotations

from collections.abc import Callable
from logging import ERROR, getLogger
from typing import Any, cast

import torch
from torch import Tensor, nn

from medgrpo.core import MissingExtra

BLOCK = 64
"""Weights that share one float32 scale: 4.5 bits a weight."""


class FourBitLinear(nn.Module):
    """A frozen linear layer without its float weights: `codes` (two weights a byte) and `scales` (one a block) in their place."""

    codes: Tensor
    scales: Tensor
    levels: Tensor

    def __init__(self, layer: nn.Linear, functions: Any) -> None:
        super().__init__()
        codes, self._state = functions.quantize_4bit(
            layer.weight.detach(), blocksize=BLOCK, quant_type="nf4", compress_statistics=False
        )
        self.register_buffer("codes", codes)
        self.register_buffer("scales", self._state.absmax)
        self.register_buffer("levels", self._state.code)
        bias = cast("Tensor | None", layer.bias)
        self.bias = None if bias is None else nn.Parameter(bias.detach(), requires_grad=False)
        self._put_together: Callable[..., Tensor] = functions.dequantize_4bit

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) -> (..., out), in the arithmetic that the layers compute in."""
        kind = values.device.type
        if torch.is_autocast_enabled(kind):
            values = values.to(torch.get_autocast_dtype(kind))
        seen: Tensor = _Product.apply(values, self)  # pyright: ignore[reportAssignmentType]
        return seen if self.bias is None else seen + self.bias.to(seen.dtype)

    def weights(self) -> Tensor:
        """(out, in), float32: what the four bits stand for."""
        self._state.absmax, self._state.code = self.scales, self.levels  # wherever the layer was moved
        return self._put_together(self.codes, self._state).float()

    def plain(self, correction: Tensor) -> nn.Linear:
        """An ordinary layer of these weights and a correction (out, in)."""
        rows, columns = correction.shape
        layer = nn.Linear(columns, rows, bias=self.bias is not None, device=correction.device)
        with torch.no_grad():
            layer.weight.copy_(self.weights() + correction)
            if self.bias is not None:
                layer.bias.copy_(self.bias)
        return layer


class _Product(torch.autograd.Function):
    """values (..., in) times the weights of a layer; only the layer is kept for the way back."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, layer: FourBitLinear) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.layer = layer
        return values @ layer.weights().to(values.dtype).T

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return gradient @ ctx.layer.weights().to(gradient.dtype), None


Quantise = Callable[[nn.Linear], FourBitLinear]


def four_bit_maker() -> Quantise:
    """MissingExtra without bitsandbytes."""
    told = getLogger("bitsandbytes")
    before = told.level
    told.setLevel(ERROR)  # it tells of a kernel for its layer, which is not used
    try:
        from bitsandbytes import functional
    except ModuleNotFoundError as error:
        if error.name != "bitsandbytes":
            raise
        raise MissingExtra("frozen_weights = nf4", "qlora", "bitsandbytes") from error
    finally:
        told.setLevel(before)
    return lambda layer: FourBitLinear(layer, functional)
