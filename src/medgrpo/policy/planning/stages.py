"""The stages of a step, timed on a network of one or two layers through the code that trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from medgrpo.policy.answers import Reader
from medgrpo.policy.features import FeatureStore, tower_digest
from medgrpo.policy.packing import measure
from medgrpo.policy.planning.geometry import Geometry
from medgrpo.policy.planning.layers import Clock, answers, sample, spent
from medgrpo.policy.planning.shape import Pack, Recipe
from medgrpo.policy.planning.tokens import Counted
from medgrpo.policy.policy import Policy
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.rollout import sample_group
from medgrpo.policy.sft_recipe import SftRecipe

Stages = Callable[[Any, Clock], Mapping[str, float]]
_STEPS = 24
_VISION = (1, 2, 3, 4)


def grpo_stages(recipe: GrpoRecipe, g: Geometry, prompt: Counted, cut: Sequence[Sequence[int]]) -> Stages:
    """Of one group: `prefill` (vision and prompt), `token` (one step of all answers), `score` (log-probabilities alone), `update`,
    and `optimise` of a step. `cut`: lengths of the answers in each packed sequence.
    """
    encoded = sample(g, prompt)

    def stages(network: Any, clock: Clock) -> Mapping[str, float]:
        policy = Policy(
            network, _VISION, [], recipe.model.position_rule, 1.0, recipe.model.attention, recipe.model.compute == "bfloat16"
        )
        ready = policy.prompt(encoded)
        network.eval()
        size, random = recipe.rollout.group_size, torch.Generator().manual_seed(0)
        first = spent(lambda: sample_group(policy, ready, size, 1, random), clock)
        more = spent(lambda: sample_group(policy, ready, size, 1 + _STEPS, random), clock)
        said = [answers(len(lengths), lengths[0]) for lengths in cut]

        def score() -> None:
            with torch.no_grad():
                for piece in said:
                    measure(policy, ready, piece)

        def update() -> None:
            for piece in said:
                torch.stack([one.sum() for one in measure(policy, ready, piece).logprobs]).sum().backward()

        scored = spent(score, clock)
        network.train(recipe.model.gradient_checkpointing)
        found = {"prefill": first, "token": (more - first) / _STEPS, "score": scored, "update": spent(update, clock)}
        return {**found, **_optimise(recipe, network, clock)}

    return stages


def sft_stages(recipe: SftRecipe, g: Geometry, packs: Sequence[Pack], folder: Path | None) -> Stages:
    """`update`: losses and gradients of one step's packs; `optimise`. `folder`: where features are kept, if they are."""
    random = torch.Generator().manual_seed(0)
    packed = [
        [
            sample(g, one).with_reply(torch.randint(12, 200, (one.reply,), generator=random).numpy())
            for one in pack.samples
        ]
        for pack in packs
    ]  # fmt: skip

    def stages(network: Any, clock: Clock) -> Mapping[str, float]:
        kept = None if folder is None else FeatureStore(folder, tower_digest(network.model.visual, recipe.model.compute))
        reader = Reader(network, recipe.model.position_rule, recipe.model.compute == "bfloat16", kept)
        network.train(recipe.model.gradient_checkpointing)

        def update() -> None:
            for pack in packed:
                torch.cat(reader.losses(pack)).sum().backward()

        return {"update": spent(update, clock), **_optimise(recipe, network, clock)}

    return stages


def _optimise(recipe: Recipe, network: Any, clock: Clock) -> Mapping[str, float]:
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.update.learning_rate)

    def step() -> None:
        torch.nn.utils.clip_grad_norm_(trained, recipe.update.gradient_norm)
        optimiser.step()

    step()  # the first one makes the moments
    seconds = spent(step, clock)
    optimiser.zero_grad()
    return {"optimise": seconds}
