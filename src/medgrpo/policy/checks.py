"""What is proved before the first step: the model sees the clip, and rollout, packed and plain forward say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from medgrpo.core import ModelError
from medgrpo.policy.packing import measure
from medgrpo.policy.policy import Policy, Prompt
from medgrpo.policy.rollout import Sampled

LEAST_SIGHT = 1e-4
"""Least change of a log-probability when the clip is blacked out; blind training changes none by more than rounding."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Largest changes of a log-probability: clip blacked out; packed against alone; rollout against update."""

    blacked_out: float
    packed: float
    rollout: float


@torch.no_grad()
def check_sight(policy: Policy, prompt: Prompt, group: Sequence[Sampled], tolerance: float) -> Sight:
    """ModelError when the model does not see the clip, or the ways of computing differ by more than `tolerance`.

    `group`: a few answers to the prompt, from the engine that a run samples with.
    """
    answers = [answer.token_ids for answer in group]
    together = measure(policy, prompt, answers).logprobs
    alone = [measure(policy, prompt, [answer]).logprobs[0] for answer in answers]
    blind = measure(policy, prompt.blind(), answers).logprobs

    def largest(first: list[torch.Tensor], second: list[torch.Tensor]) -> float:
        return max((a - b).abs().max().item() for a, b in zip(first, second, strict=True))

    sight = Sight(
        blacked_out=largest(list(together), list(blind)),
        packed=largest(list(together), alone),
        rollout=largest(list(together), [answer.logprobs for answer in group]),
    )
    if prompt.pixels is None or sight.blacked_out < LEAST_SIGHT:
        raise ModelError(
            f"blacking the clip out changes no log-probability by more than {sight.blacked_out:.2g}: the model does not see it, "
            f"and training would be blind"
        )
    worst = max(sight.packed, sight.rollout)
    if worst > tolerance:
        raise ModelError(
            f"log-probabilities of the same tokens differ by {worst:.2g} between rollout, packed and plain forward (more than "
            f"{tolerance:g}): the update would correct a difference that is none"
        )
    return sight
