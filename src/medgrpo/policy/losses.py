"""Policy losses, each the plain sum over tokens of weight x objective, so that a batch cut into pieces gives the same gradient.

    objective   min(ratio A, clip(ratio, 1 - low, 1 + high) A)   with ratio = exp(log p - log p_old), per token; GSPO takes one
                ratio per answer, the geometric mean of its tokens' ratios
    weight      grpo, gspo   1 / (answers x tokens of the answer)     every answer counts the same
                dapo         1 / tokens of all answers                every token counts the same
                dr_grpo      1 / (answers x most tokens)              no division by a length that the policy chooses

Answers are counted over the whole update, masked ones (overlong) left out. Without an old policy (one update per rollout) the ratio
is 1 and its gradient that of the log-probability. KL to a reference, where wanted, is Schulman's k3: r - log r - 1, r = p_ref / p.

Answers were drawn by the rollout's arithmetic, which is not quite that of the update (bfloat16, another engine). Truncated
importance sampling multiplies each token's objective, not its KL, by min(p_old / p_rollout, cap), a number without a gradient:
token by token the expectation is that of answers drawn by the old policy, as far as the cap allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

LossKind = Literal["grpo", "dapo", "dr_grpo", "gspo"]


def token_weights(kind: LossKind, lengths: Sequence[int], most_tokens: int) -> list[float]:
    """Per answer the weight of each of its tokens; `lengths` of all answers of the update that count (0: masked)."""
    counted = sum(length > 0 for length in lengths)
    total = sum(lengths)
    if kind == "dapo":
        return [1 / total if length else 0.0 for length in lengths]
    if kind == "dr_grpo":
        return [1 / (counted * most_tokens) if length else 0.0 for length in lengths]
    return [1 / (counted * length) if length else 0.0 for length in lengths]


def ratios(kind: LossKind, logprobs: Tensor, old: Tensor | None) -> Tensor:
    """(length,) of one answer. GSPO: the same value everywhere, with the gradient of the mean."""
    difference = logprobs - (logprobs.detach() if old is None else old)
    return (difference.mean().expand_as(difference) if kind == "gspo" else difference).exp()


def clipped(ratio: Tensor, advantage: float, low: float, high: float) -> Tensor:
    """The surrogate that is to grow: no gain for moving further than the clip allows in the direction of the advantage."""
    return torch.minimum(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage)


def is_clipped(ratio: Tensor, advantage: float, low: float, high: float) -> Tensor:
    """Where the clip takes the gradient away."""
    if advantage == 0:
        return torch.zeros_like(ratio, dtype=torch.bool)
    return ratio > 1 + high if advantage > 0 else ratio < 1 - low


def k3(logprobs: Tensor, reference: Tensor) -> Tensor:
    """(length,): an estimate of KL(policy, reference) per token that is never negative and right on average."""
    difference = reference - logprobs
    return difference.exp() - difference - 1


def importance(old: Tensor, rollout: Tensor, cap: float) -> Tensor:
    """(length,): what each token's objective is multiplied by, since `rollout` is the log-probability that it was drawn with."""
    return (old - rollout).detach().exp().clamp(max=cap)


def answer_loss(
    kind: LossKind,
    logprobs: Tensor,
    advantage: float,
    weight: float,
    old: Tensor | None = None,
    clip: tuple[float, float] = (0.2, 0.3),
    reference: Tensor | None = None,
    kl: float = 0.0,
    drawn: Tensor | None = None,
) -> Tensor:
    """What one answer adds to the loss; logprobs, old, reference (length,). `drawn` (length,): `importance` of its tokens."""
    objective = clipped(ratios(kind, logprobs, old), advantage, *clip)
    loss = -weight * (objective if drawn is None else drawn * objective).sum()
    return loss if reference is None or kl == 0 else loss + kl * weight * k3(logprobs, reference).sum()
