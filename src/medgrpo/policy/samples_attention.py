"""Attention for whole samples packed into one sequence: [sample 1 | ... | sample N], each causal in itself, none seeing another.

The block mask of such a sequence is block-diagonal. Only its blocks are computed: one fused causal kernel per sample, nothing of
the size (all x all), no mask in memory, on any device. Transformers takes the function by name and passes `sample_lengths` through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

SAMPLES = "medgrpo_samples"
"""The name under which transformers knows it."""


def samples_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    sample_lengths: Sequence[int] | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """query (1, heads, L, D), key and value (1, key heads, L, D) -> (1, L, heads, D). Without lengths: plain SDPA."""
    if sample_lengths is None or len(sample_lengths) == 1:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    if sum(sample_lengths) != query.shape[2] or attention_mask is not None:
        raise ValueError(f"samples of {sum(sample_lengths)} tokens in a sequence of {query.shape[2]}, and no mask beside them")
    queries, keys, values = (tensor.split(list(sample_lengths), dim=2) for tensor in (query, key, value))
    parts = zip(queries, keys, values, strict=True)
    return torch.cat([sdpa_attention_forward(module, q, k, v, None, **options)[0] for q, k, v in parts], dim=1), None


AttentionInterface.register(SAMPLES, samples_attention)
AttentionMaskInterface.register(SAMPLES, ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])
