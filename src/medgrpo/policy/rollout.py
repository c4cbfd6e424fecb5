"""Sampling a group: one pass of the vision tower, one prefill, and a cache that holds the prompt once for all G answers.

Each step feeds the newest token of every unfinished answer as one row of the same sequence. The cache is [prompt | step 1 of all |
step 2 of all | ...], and a mask lets each row see the prompt and its own answer: P + G C entries where a copy per answer has
G (P + C). Positions are given for every step. (Transformers' own cached steps without them take a shortcut that jumps after clips
with more than about one second per temporal patch: 3.6 nats on a tiny model.)
"""

from __future__ import annotations

from collections.abc import Sequence
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
    return sample_groups(policy, [prompt], size, most_tokens, generator)[0]


@torch.no_grad()
def sample_groups(
    policy: Policy, prompts: Sequence[Prompt], size: int, most_tokens: int, generator: torch.Generator
) -> list[list[Sampled]]:
    """A group for each prompt, all in the same steps: the cache is [prompt 1 | prompt 2 | ... | step 1 of all | ...].

    Which answers come depends on which prompts are sampled together, how likely they are does not.
    """
    if size < 1 or most_tokens < 1 or not prompts:
        raise ValueError(f"a group has answers and they have tokens, got {size} of {most_tokens} for {len(prompts)} prompts")
    device = policy.device
    if policy.has_states and len(prompts) > 1:  # a layer with a running state holds that of one prompt
        return [sample_groups(policy, [prompt], size, most_tokens, generator)[0] for prompt in prompts]
    cache = DynamicCache(config=policy.network.config.text_config)
    count = len(prompts) * size
    # of every entry of the cache the prompt (from 1) and the answer (from 1; 0 for the prompt's own tokens) that it belongs to
    asked = torch.empty(0, dtype=torch.long, device=device)
    tables: list[Tensor] = []
    for number, prompt in enumerate(prompts, 1):
        before = len(asked)
        asked = torch.cat([asked, torch.full((prompt.tokens,), number, device=device)])
        mask = None if before == 0 else _after(before, prompt.tokens, device)
        hidden = policy.hidden(prompt.token_ids, prompt.positions, prompt, mask, cache)
        tables.append(policy.log_probabilities(hidden[0, -1:]).expand(size, -1))
    table = torch.cat(tables)
    if policy.has_states:
        keep_states(cache, torch.zeros(size, dtype=torch.long, device=device))
    owner = torch.zeros_like(asked)
    alive = torch.arange(1, count + 1, device=device)
    group = torch.arange(1, len(prompts) + 1, device=device).repeat_interleave(size)
    starts = torch.tensor([prompt.next_position for prompt in prompts], device=device)
    ends = torch.tensor(sorted(policy.ends), dtype=torch.long, device=device)
    tokens: list[list[int]] = [[] for _ in range(count)]
    logprobs: list[list[Tensor]] = [[] for _ in range(count)]
    for step in range(most_tokens):
        chosen = torch.multinomial(table.exp(), 1, generator=generator)
        taken = table.gather(1, chosen)[:, 0]
        for answer, token, logprob in zip(alive.tolist(), chosen[:, 0].tolist(), taken, strict=True):
            tokens[answer - 1].append(token)
            logprobs[answer - 1].append(logprob)
        going = ~torch.isin(chosen[:, 0], ends)
        alive, chosen, group = alive[going], chosen[going], group[going]
        if step + 1 == most_tokens or not len(alive):
            break
        if policy.has_states and not bool(going.all()):
            keep_states(cache, going.nonzero()[:, 0])
        asked, owner = torch.cat([asked, group]), torch.cat([owner, alive])
        mask = (asked == group[:, None]) & ((owner == 0) | (owner == alive[:, None]))
        place = (starts[group - 1] + step).expand(3, 1, -1)
        hidden = policy.hidden(chosen.T, place, None, mask[None, None], cache, sampling_rows=len(alive))
        table = policy.log_probabilities(hidden[0])
    unfinished = set(alive.tolist())
    answers = [
        Sampled(
            torch.tensor(said, dtype=torch.long, device=device),
            torch.stack(logprobs[index]),
            "length" if index + 1 in unfinished else "stop",
        )
        for index, said in enumerate(tokens)
    ]
    return [answers[first : first + size] for first in range(0, count, size)]


def _after(before: int, tokens: int, device: torch.device) -> Tensor:
    """(1, 1, tokens, before + tokens): a prompt that sees itself alone, behind `before` entries of other prompts."""
    own = torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
    return torch.nn.functional.pad(own, (before, 0))[None, None]
