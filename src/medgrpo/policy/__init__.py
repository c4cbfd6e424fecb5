"""A video-language model as the thing that is trained. With `models` and `training` the only room that imports torch."""

from medgrpo.policy.alarms import alarms
from medgrpo.policy.attention import answer_mask, block_mask
from medgrpo.policy.checks import Sight, check_sight
from medgrpo.policy.grpo import Finished, train_grpo
from medgrpo.policy.losses import LossKind, answer_loss, clipped, is_clipped, k3, ratios, token_weights
from medgrpo.policy.packing import Measured, measure
from medgrpo.policy.policy import Policy, Prompt
from medgrpo.policy.questions import Question, Sampler, read_questions
from medgrpo.policy.recipe import GrpoRecipe, StopSettings, UpdateSettings, needs_sentences, read_grpo_recipe
from medgrpo.policy.rollout import Sampled, sample_group
from medgrpo.policy.update import Group, accumulate, measured, pieces

__all__ = [
    "Finished",
    "Group",
    "GrpoRecipe",
    "LossKind",
    "Measured",
    "Policy",
    "Prompt",
    "Question",
    "Sampled",
    "Sampler",
    "Sight",
    "StopSettings",
    "UpdateSettings",
    "accumulate",
    "alarms",
    "answer_loss",
    "answer_mask",
    "block_mask",
    "check_sight",
    "clipped",
    "is_clipped",
    "k3",
    "measure",
    "measured",
    "needs_sentences",
    "pieces",
    "ratios",
    "read_grpo_recipe",
    "read_questions",
    "sample_group",
    "token_weights",
    "train_grpo",
]
