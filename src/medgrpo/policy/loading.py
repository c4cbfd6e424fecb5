"""A checkpoint's network as something to train: weights in float32, parts frozen, gradients checkpointed as told."""

from __future__ import annotations

from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForImageTextToText
from transformers.utils.logging import disable_progress_bar, get_verbosity, set_verbosity, set_verbosity_error

from medgrpo.core import InputError, ModelError
from medgrpo.models import Encoder
from medgrpo.policy.four_bit import four_bit_maker
from medgrpo.policy.kept import Kept
from medgrpo.policy.lora import add_adapters
from medgrpo.policy.policy import Policy
from medgrpo.policy.recipe import GrpoRecipe, NetworkSettings
from medgrpo.policy.repeating import into_own_memory
from medgrpo.policy.spreading import Spread


def load_network(settings: NetworkSettings, local: int = 0) -> Any:
    """Transformers' class with its weights, on the device: `cuda` is the machine's device number `local`. ModelError, one line."""
    disable_progress_bar()  # the run draws its own
    try:
        device = torch.device(settings.device)
        if settings.device == "cuda":
            device = torch.device("cuda", local)
            torch.cuda.set_device(device)
        network = _whole_network(settings.checkpoint)
        prepare_network(network, settings)  # four-bit weights are made before the device has to hold them whole
        network.to(device)
        into_own_memory(network)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{settings.checkpoint}: cannot be loaded on {settings.device}: {said}") from error
    return network


def _whole_network(checkpoint: str) -> Any:
    """With every weight from the checkpoint's files. Transformers fills up what is missing with noise, and says so in a table."""
    before = get_verbosity()
    set_verbosity_error()
    try:
        loaded: Any = AutoModelForImageTextToText.from_pretrained(
            checkpoint, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True
        )
        network, found = loaded
    finally:
        set_verbosity(before)
    for name, stored, expected in sorted(found["mismatched_keys"]):
        raise ModelError(
            f"{checkpoint}: its weights are of another geometry than its config.json: {name} is {tuple(stored)}, not "
            f"{tuple(expected)}; copy the model again"
        )
    if missing := sorted(found["missing_keys"]):
        raise ModelError(f"{checkpoint}: {len(missing)} weights are not in its files, the first {missing[0]}; copy the model again")
    return network


def prepare_network(network: Any, settings: NetworkSettings) -> None:
    """Put adapters on, freeze what stays as it is, switch checkpointing. InputError when nothing is left to train."""
    if settings.lora_rank:
        quantise = four_bit_maker() if settings.frozen_weights == "nf4" else None
        add_adapters(network.model.language_model, settings.lora_rank, settings.lora_alpha, quantise)
    visual = network.model.visual
    projector = [visual.merger, *getattr(visual, "deepstack_merger_list", [])]
    own = {id(weight) for part in projector for weight in part.parameters()}
    parts: dict[str, list[Any]] = {
        "vision": [visual],
        "tower": [weight for weight in visual.parameters() if id(weight) not in own],
        "projector": projector,
        "language": [network.model.language_model],
        "head": [network.lm_head],
    }
    for part in (part for name in settings.parts_frozen for part in parts[name]):
        part.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise InputError("model.frozen leaves nothing to train")
    if settings.gradient_checkpointing:
        # the second is its name in transformers below 5.20, which vLLM asks for
        names = ("activation_checkpointing_enable", "gradient_checkpointing_enable")
        enable = next(getattr(network, name) for name in names if hasattr(network, name))
        enable({"use_reentrant": False})


def policy_of(network: Any, encoder: Encoder, recipe: GrpoRecipe, spread: Spread, kept: Kept | None = None) -> Policy:
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
        recipe.rollout.prompts_kept if "vision" in recipe.model.frozen else 0,
        kept,
    )
