"""The shared-prompt forward: log-probabilities of a group's answers with video and prompt computed once, exactly.

[prompt | answer 1 | ... | answer G] is one sequence. Each answer sees the prompt and itself, and its positions begin where the
prompt ends, so that every number is that of G separate sequences; gradients of the shared part add up by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from medgrpo.policy.attention import shared_mask
from medgrpo.policy.policy import Policy, Prompt


@dataclass(frozen=True, slots=True)
class Measured:
    """Per answer, of its own length: log-probability of each token, and entropy of what could have stood there (no gradient)."""

    logprobs: tuple[Tensor, ...]
    entropies: tuple[Tensor, ...]


def measure(policy: Policy, prompt: Prompt, answers: Sequence[Tensor]) -> Measured:
    """`answers`: token ids (length,), at least one token each. ValueError for an empty one or none."""
    lengths = [len(answer) for answer in answers]
    if not lengths or not all(lengths):
        raise ValueError(f"a group holds answers of at least one token, got lengths {lengths}")
    device = policy.device
    said = torch.cat(list(answers)).to(device)
    place = torch.cat([torch.arange(length, device=device) for length in lengths]) + prompt.next_position
    token_ids = torch.cat([prompt.token_ids, said[None]], dim=1)
    positions = torch.cat([prompt.positions, place.expand(3, 1, -1)], dim=2)
    rows = torch.arange(prompt.tokens - 1, token_ids.shape[1] - 1, device=device)  # what predicts each answer token: the one before
    first = torch.tensor([sum(lengths[:index]) for index in range(len(lengths))], device=device)
    rows[first] = prompt.tokens - 1  # and for an answer's first token the prompt's last

    def seen() -> tuple[Tensor, Tensor]:
        mask = shared_mask(policy.attention, prompt.tokens, lengths, device)
        hidden = policy.hidden(token_ids, positions, prompt, mask, shared_prompt=(prompt.tokens, lengths))
        table = policy.log_probabilities(hidden[0, rows])
        with torch.no_grad():
            entropies = -torch.special.xlogy(table.exp(), table.exp()).sum(1)
        return table.gather(1, said[:, None])[:, 0], entropies

    logprobs, entropies = policy.through(seen)
    return Measured(logprobs.split(lengths), entropies.split(lengths))
