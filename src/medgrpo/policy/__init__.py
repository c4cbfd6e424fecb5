"""A video-language model as the thing that is trained. With `models` and `training` the only room that imports torch."""

from medgrpo.policy.attention import answer_mask, block_mask
from medgrpo.policy.losses import LossKind, answer_loss, clipped, is_clipped, k3, ratios, token_weights
from medgrpo.policy.packing import Measured, measure
from medgrpo.policy.policy import Policy, Prompt
from medgrpo.policy.rollout import Sampled, sample_group

__all__ = [
    "LossKind",
    "Measured",
    "Policy",
    "Prompt",
    "Sampled",
    "answer_loss",
    "answer_mask",
    "block_mask",
    "clipped",
    "is_clipped",
    "k3",
    "measure",
    "ratios",
    "sample_group",
    "token_weights",
]
