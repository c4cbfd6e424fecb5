"""Our side of `bench grpo`, eight plain copies, and how far their numbers lie apart."""

# transformers and torch leave many of their own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from medgrpo.bench.grpo_model import Case, Model, Watch, encoded, peak_bytes, saved_bytes
from medgrpo.models import Encoded
from medgrpo.policy import Group, Policy, Prompt, Sampled, UpdateSettings, accumulate, measure, sample_group
from medgrpo.reward import batch_advantages

_SETTINGS = UpdateSettings(loss="dapo")


def measure_ours(model: Model, case: Case) -> dict[str, Any]:
    """Seconds of each stage of our step, least over rounds after one that warms up."""
    policy, watch = model.policy(), Watch()
    optimiser = torch.optim.AdamW(model.network.parameters(), lr=1e-6)
    generator = torch.Generator().manual_seed(case.seed)
    before = peak_bytes()
    prompt_tokens = saved = 0
    for place in range(case.rounds + 2):
        with watch.timed("step"):
            with watch.timed("preprocess"):
                asked = encoded(model, case)
                prompt = policy.prompt(asked)
            with watch.timed("rollout"):
                answers = sample_group(policy, prompt, case.group, case.answer_tokens, generator)
            with watch.timed("scoring"):
                group = _group(asked, answers)
            with watch.timed("update"):
                optimiser.zero_grad()
                if place == case.rounds + 1:
                    saved = saved_bytes(model.network, lambda group=group: _loss_only(policy, group))
                else:
                    accumulate(policy, [group], _SETTINGS, case.answer_tokens)
                torch.nn.utils.clip_grad_norm_(model.network.parameters(), 1.0)
                optimiser.step()
        prompt_tokens = prompt.tokens
    kept = {stage: values[: case.rounds + 1] for stage, values in watch.seconds.items()}
    return {
        "seconds": Watch(kept).least(),
        "saved_bytes": saved,
        "peak_growth_bytes": peak_bytes() - before,
        "prompt_tokens": prompt_tokens,
    }


def _group(asked: Encoded, answers: Sequence[Sampled]) -> Group:
    rewards = [float(place % 3) for place in range(len(answers))]
    return Group(asked, tuple(answers), tuple(batch_advantages([rewards], "group")[0]), (True,) * len(answers))


def _loss_only(policy: Policy, group: Group) -> None:
    """The forward pass alone: what it keeps is what the backward pass would need."""
    held = measure(policy, policy.prompt(group.encoded), [answer.token_ids for answer in group.answers])
    torch.stack([row.sum() for row in held.logprobs]).sum()


def copies(policy: Policy, prompt: Prompt, answers: Sequence[Tensor]) -> Tensor:
    """(answers, tokens): log-probabilities by transformers' forward over one copy of prompt and pictures per answer."""
    count, length = len(answers), len(answers[0])
    place = torch.arange(length) + prompt.next_position
    positions = torch.cat([prompt.positions.expand(3, count, -1), place.expand(3, count, -1)], 2)
    assert prompt.pixels is not None
    assert prompt.grid is not None
    outputs = policy.network(
        input_ids=torch.cat([prompt.token_ids.expand(count, -1), torch.stack(list(answers))], 1),
        position_ids=positions,
        pixel_values_videos=prompt.pixels.repeat(count, 1),
        video_grid_thw=prompt.grid.repeat(count, 1),
        logits_to_keep=length + 1,
    )
    rows = outputs.logits[:, :-1].reshape(count * length, -1)
    allowed = torch.ones(rows.shape[1], dtype=torch.bool)
    allowed[policy.banned] = False
    table = rows - torch.logsumexp(rows.masked_fill(~allowed, float("-inf")), 1, keepdim=True)
    return table.gather(1, torch.cat(list(answers))[:, None]).reshape(count, length)


def measure_copies(model: Model, case: Case) -> dict[str, Any]:
    """The plain way without a trainer around it: transformers' generate with G returned sequences, a forward over G copies."""
    policy, watch = model.policy(), Watch()
    before = peak_bytes()
    asked = encoded(model, case)
    prompt = policy.prompt(asked)
    saved = 0
    for place in range(case.rounds + 2):
        with watch.timed("rollout"):
            answers = _generate(model, asked, prompt, case)
        with watch.timed("update"):
            model.network.zero_grad()
            if place == case.rounds + 1:
                saved = saved_bytes(model.network, lambda answers=answers: _keep(copies(policy, prompt, answers)))
            else:
                (-copies(policy, prompt, answers).mean()).backward()
    kept = {stage: values[: case.rounds + 1] for stage, values in watch.seconds.items()}
    return {
        "seconds": Watch(kept).least(),
        "saved_bytes": saved,
        "peak_growth_bytes": peak_bytes() - before,
        "prompt_tokens": prompt.tokens,
    }


def _keep(values: Tensor) -> None:
    values.sum()


def _generate(model: Model, asked: Encoded, prompt: Prompt, case: Case) -> list[Tensor]:
    """Sampled by transformers' own generate; its attention must be its own for that."""
    language = model.network.model.language_model
    ours = language.config._attn_implementation
    language.set_attn_implementation("sdpa")
    with torch.no_grad():
        ids = model.network.generate(
            input_ids=prompt.token_ids,
            attention_mask=torch.ones_like(prompt.token_ids),
            mm_token_type_ids=torch.from_numpy(asked.type_ids)[None],
            pixel_values_videos=prompt.pixels,
            video_grid_thw=prompt.grid,
            second_per_grid_ts=torch.tensor([clip.seconds_per_grid for clip in asked.clips]),
            do_sample=True,
            num_return_sequences=case.group,
            max_new_tokens=case.answer_tokens,
            min_new_tokens=case.answer_tokens,
            suppress_tokens=list(model.encoder.vision.all),
            pad_token_id=0,
        )
    language.set_attn_implementation(ours)
    return list(ids[:, prompt.tokens :])


def differences(model: Model, case: Case) -> dict[str, float]:
    """Largest difference of a log-probability, and of a gradient's entry as a share of the largest, packed against copies."""
    policy = model.policy()
    prompt = policy.prompt(encoded(model, case))
    answers = [
        answer.token_ids
        for answer in sample_group(policy, prompt, case.group, case.answer_tokens, torch.Generator().manual_seed(case.seed))
    ]
    weights = torch.linspace(-1, 1, case.group)
    model.network.zero_grad()
    packed = torch.stack(list(measure(policy, prompt, answers).logprobs))
    (packed * weights[:, None]).mean().backward()
    ours = {name: value.grad.clone() for name, value in model.network.named_parameters() if value.grad is not None}
    model.network.zero_grad()
    plain = copies(policy, prompt, answers)
    (plain * weights[:, None]).mean().backward()
    worst = largest = 0.0
    for name, value in model.network.named_parameters():
        if value.grad is not None:
            worst = max(worst, (value.grad - ours[name]).abs().max().item())
            largest = max(largest, value.grad.abs().max().item())
    return {
        "max_logprob_difference": (packed - plain).abs().max().item(),
        "max_gradient_difference": worst,
        "largest_gradient": largest,
    }


def growth(model: Model, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Update of copies over ours, both in this process, as one of G, P and C changes; beside the ratio of token counts."""
    table: list[dict[str, Any]] = []
    for case in cases:
        policy, watch = model.policy(), Watch()
        prompt = policy.prompt(encoded(model, case))
        random = torch.Generator().manual_seed(case.seed)
        answers = list(torch.randint(97, 123, (case.group, case.answer_tokens), generator=random))
        for _ in range(case.rounds + 1):
            with watch.timed("packed"):
                model.network.zero_grad()
                torch.stack(list(measure(policy, prompt, answers).logprobs)).mean().backward()
            with watch.timed("copies"):
                model.network.zero_grad()
                copies(policy, prompt, answers).mean().backward()
        gc.collect()
        seconds = watch.least()
        group, tokens, length = case.group, prompt.tokens, case.answer_tokens
        table.append(
            {
                "group": group,
                "prompt_tokens": tokens,
                "answer_tokens": length,
                "packed_seconds": seconds["packed"],
                "copies_seconds": seconds["copies"],
                "ratio": seconds["copies"] / seconds["packed"],
                "token_ratio": group * (tokens + length) / (tokens + group * length),
            }
        )
    return table
