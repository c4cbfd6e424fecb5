"""Sampling a group: one pass of the vision tower, one prefill, and a cache that holds the prompt once for all G answers.

Each step feeds the newest token of every unfinished answer as one row of the same sequence. The cache is [prompt | step 1 of all |
step 2 of all | ...], and a mask lets each row see the prompt and its own answer: P + G C entries where a copy per answer has
G (P + C). Positions are given for every step. (Transformers' own cached steps without them take a shortcut that jumps after clips
with more than about one second per temporal patch: 3.6 nats on a tiny model.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from transformers import DynamicCache

from medgrpo.policy.policy import Policy, Prompt
from medgrpo.policy.recurrent import keep_states


@dataclass(frozen=True, slots=True)
class Sampled:
    """One answer: token ids (length,) with the end token where it came, their log-probabilities (length,) as sampled.

    `finish` is `length` when the budget cut it.
    """

    token_ids: Tensor
    logprobs: Tensor
    finish: Literal["stop", "length"]


@torch.no_grad()
def sample_group(policy: Policy, prompt: Prompt, size: int, most_tokens: int, generator: torch.Generator) -> list[Sampled]:
    """`size` answers of 1 to `most_tokens` tokens. The same generator state gives the same answers."""
    if size < 1 or most_tokens < 1:
        raise ValueError(f"a group has answers and they have tokens, got {size} of {most_tokens}")
    device = policy.device
    cache = DynamicCache(config=policy.network.config.text_config)
    hidden = policy.hidden(prompt.token_ids, prompt.positions, prompt, None, cache)
    table = policy.log_probabilities(hidden[0, -1:]).expand(size, -1)
    if policy.has_states:
        keep_states(cache, torch.zeros(size, dtype=torch.long, device=device))
    owner = torch.zeros(prompt.tokens, dtype=torch.long, device=device)
    alive = torch.arange(1, size + 1, device=device)
    ends = torch.tensor(sorted(policy.ends), dtype=torch.long, device=device)
    tokens: list[list[int]] = [[] for _ in range(size)]
    logprobs: list[list[Tensor]] = [[] for _ in range(size)]
    for step in range(most_tokens):
        chosen = torch.multinomial(table.exp(), 1, generator=generator)
        taken = table.gather(1, chosen)[:, 0]
        for row, answer in enumerate(alive.tolist()):
            tokens[answer - 1].append(int(chosen[row, 0]))
            logprobs[answer - 1].append(taken[row])
        going = ~torch.isin(chosen[:, 0], ends)
        alive, chosen = alive[going], chosen[going]
        if step + 1 == most_tokens or not len(alive):
            break
        if policy.has_states and not bool(going.all()):
            keep_states(cache, going.nonzero()[:, 0])
        owner = torch.cat([owner, alive])
        mask = (owner == 0) | (owner == alive[:, None])
        place = torch.full((3, 1, len(alive)), prompt.next_position + step, device=device)
        hidden = policy.hidden(chosen.T, place, None, mask[None, None], cache, sampling_rows=len(alive))
        table = policy.log_probabilities(hidden[0])
    unfinished = set(alive.tolist())
    return [
        Sampled(
            torch.tensor(said, dtype=torch.long, device=device),
            torch.stack(logprobs[index]),
            "length" if index + 1 in unfinished else "stop",
        )
        for index, said in enumerate(tokens)
    ]
