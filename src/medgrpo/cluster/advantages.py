"""Our advantages as verl's estimators: one function per scale, each equal to `medgrpo.reward.batch_advantages`.

verl hands over token-level rewards whose sum is an answer's reward. NaN is an answer that nobody could score (a judge that failed):
it is in no mean and gets no gradient, where verl's own estimator would spread it over its whole group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, get_args

import torch
from torch import Tensor

from medgrpo.reward import Scale, batch_advantages

SCALES: tuple[Scale, ...] = get_args(Scale)
Estimator = Callable[..., tuple[Tensor, Tensor]]


def estimator_name(scale: Scale) -> str:
    """What `algorithm.adv_estimator` is set to."""
    return f"medgrpo_{scale}"


def estimate(
    scale: Scale, token_level_rewards: Tensor, response_mask: Tensor, index: Sequence[Any], **_: Any
) -> tuple[Tensor, Tensor]:
    """(answers, length) twice: advantages, and the same as returns. `index` (answers,) names each answer's group."""
    rewards: list[float | None] = [
        None if reward != reward else float(reward) for reward in token_level_rewards.double().sum(dim=1).tolist()
    ]
    groups: dict[Any, list[int]] = {}
    for place, group in enumerate(index):
        groups.setdefault(group, []).append(place)
    advantages = torch.zeros(len(rewards), dtype=torch.float32, device=response_mask.device)
    shaped = batch_advantages([[rewards[place] for place in places] for places in groups.values()], scale)
    for places, values in zip(groups.values(), shaped, strict=True):
        for place, value in zip(places, values, strict=True):
            advantages[place] = value
    spread = advantages[:, None] * response_mask
    return spread, spread


def estimators() -> Mapping[str, Estimator]:
    """By name, as verl is given them."""
    return {estimator_name(scale): partial(estimate, scale) for scale in SCALES}
