"""Attention for a group that shares its prompt: [prompt | answer 1 | ... | answer G] in one sequence, no answer seeing another.

Transformers passes a 4-D mask through to the attention function, and takes functions by name; nothing of it is copied or patched.
Two ways of the same arithmetic:

    blocks    SDPA in two parts: the prompt's rows causally (a fused kernel skips half of them), the answers' rows under a mask of
              (answer tokens x all tokens), never (all x all). Any device.
    flex      FlexAttention under a block mask: empty blocks are skipped. For a GPU, where it is compiled; elsewhere torch's plain
              version of it runs, which shows that the mask is right and nothing of its speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS

AttentionKind = Literal["blocks", "flex"]
REGISTERED: Mapping[str, str] = {"blocks": "medgrpo_shared_prompt", "flex": "medgrpo_shared_prompt_flex"}
"""The names under which transformers knows them."""


def shared_prompt_attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """SDPA, but a mask with fewer rows than there are queries speaks of the last ones only: those before are causal.

    query (B, heads, Q, D), key and value (B, key heads, K, D), mask (1, 1, rows, K) -> (B, Q, heads, D).
    """
    before = 0 if attention_mask is None else query.shape[2] - attention_mask.shape[2]
    if before == 0:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    prompt = slice(0, before)
    first, _ = sdpa_attention_forward(module, query[:, :, prompt], key[:, :, prompt], value[:, :, prompt], None, **options)
    second, _ = sdpa_attention_forward(module, query[:, :, before:], key, value, attention_mask, **options)
    return torch.cat([first, second], dim=1), None


def flex_shared_prompt_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | BlockMask | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """FlexAttention under a block mask; anything else (prefill, sampling) is SDPA's."""
    if not isinstance(attention_mask, BlockMask):
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **options)
    attend = _compiled() if query.is_cuda else flex_attention
    seen = attend(query, key, value, block_mask=attention_mask, scale=scaling, enable_gqa=key.shape[1] != query.shape[1])
    return seen.transpose(1, 2).contiguous(), None


@cache
def _compiled() -> Any:
    """Made when first needed: the compiler takes seconds to import."""
    return torch.compile(flex_attention)


for _kind, _function in (("blocks", shared_prompt_attention), ("flex", flex_shared_prompt_attention)):
    AttentionInterface.register(REGISTERED[_kind], _function)
    AttentionMaskInterface.register(REGISTERED[_kind], ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])


def owners(lengths: Sequence[int], device: torch.device) -> Tensor:
    """(sum of lengths,): the number of the answer, from 1, that each answer token belongs to; 0 is the prompt."""
    return torch.repeat_interleave(torch.arange(1, len(lengths) + 1, device=device), torch.tensor(lengths, device=device))


def answer_mask(prompt_tokens: int, lengths: Sequence[int], device: torch.device) -> Tensor:
    """(1, 1, answer tokens, all tokens), true where a token is seen: the prompt, and what its own answer said up to there."""
    own = owners(lengths, device)
    same = (own[:, None] == own[None, :]).tril()
    prompt = torch.ones(len(own), prompt_tokens, dtype=torch.bool, device=device)
    return torch.cat([prompt, same], dim=1)[None, None]


def block_mask(prompt_tokens: int, lengths: Sequence[int], device: torch.device) -> BlockMask:
    """The same for FlexAttention, over all rows."""
    owner = torch.cat([torch.zeros(prompt_tokens, dtype=torch.long, device=device), owners(lengths, device)])

    def seen(batch: Tensor, head: Tensor, row: Tensor, column: Tensor) -> Tensor:
        del batch, head
        return (row >= column) & ((owner[column] == 0) | (owner[row] == owner[column]))

    return create_block_mask(seen, None, None, len(owner), len(owner), device=str(device))


def shared_mask(kind: AttentionKind, prompt_tokens: int, lengths: Sequence[int], device: torch.device) -> Tensor | BlockMask:
    """What `use_attention(model, kind)` expects as `attention_mask` of a packed sequence."""
    return answer_mask(prompt_tokens, lengths, device) if kind == "blocks" else block_mask(prompt_tokens, lengths, device)
