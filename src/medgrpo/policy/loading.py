"""A checkpoint's network as something to train: weights in float32, parts frozen, gradients checkpointed as told."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoModelForImageTextToText
from transformers.utils.logging import disable_progress_bar

from medgrpo.core import InputError, ModelError
from medgrpo.models import Encoder
from medgrpo.policy.policy import Policy
from medgrpo.policy.recipe import GrpoRecipe, ModelSettings
from medgrpo.policy.spreading import Spread


def load_network(settings: ModelSettings, local: int = 0) -> Any:
    """Transformers' class with its weights, on the device: `cuda` is the machine's device number `local`. ModelError, one line."""
    disable_progress_bar()  # the run draws its own
    try:
        device = torch.device(settings.device)
        if settings.device == "cuda":
            device = torch.device("cuda", local)
            torch.cuda.set_device(device)
        network: Any = AutoModelForImageTextToText.from_pretrained(settings.checkpoint, dtype=torch.float32)
        network.to(device)
    except (OSError, ValueError, RuntimeError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{settings.checkpoint}: cannot be loaded on {settings.device}: {said}") from error
    parts: dict[str, Any] = {
        "vision": network.model.visual, "language": network.model.language_model, "head": network.lm_head,
    }  # fmt: skip
    for name in settings.frozen:
        parts[name].requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise InputError("model.frozen leaves nothing to train")
    if settings.gradient_checkpointing:
        network.activation_checkpointing_enable({"use_reentrant": False})
    return network


def policy_of(network: Any, encoder: Encoder, recipe: GrpoRecipe, spread: Spread) -> Policy:
    """The policy, which never says a token of vision and ends an answer with its turn."""
    return Policy(
        network,
        encoder.vision.all,
        [encoder.end_of_turn],
        recipe.model.position_rule,
        recipe.rollout.temperature,
        recipe.model.attention,
        recipe.model.compute == "bfloat16",
        spread.through,
    )
