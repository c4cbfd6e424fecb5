"""Everything that decides what supervised fine-tuning does, from one TOML file; a misspelt key is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from medgrpo.core import Config
from medgrpo.models import PositionRule
from medgrpo.policy.recipe import DataSettings, FrozenWeights, ModelSettings, parsed_recipe, refuse_shares_of_four_bits
from medgrpo.policy.spreading import SpreadKind
from medgrpo.policy.trackers import TrackerName

Part = Literal["tower", "projector", "language", "head"]


class SftModelSettings(Config):
    """The network, and which of its weights are trained."""

    checkpoint: str
    """Folder or hub name of a Qwen2.5-VL, Qwen3-VL or Qwen3.5."""
    position_rule: PositionRule = "maximum"
    compute: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the layers. Weights and optimiser stay float32."""
    device: str = "cpu"
    frozen: tuple[Part, ...] = ("tower", "projector")
    """`tower`: vision up to its last layer; `projector`: from there into the language model's width (deep-stack mergers too);
    `language`: embeddings and layers; `head`: the table over the vocabulary (where it is tied to the embeddings, both)."""
    lora_rank: int = Field(default=0, ge=0)
    """Above 0 the language model's weights stay as they are and low-rank corrections of its projections are trained."""
    lora_alpha: float = Field(default=16.0, gt=0)
    frozen_weights: FrozenWeights = "float32"
    """How the weights beside adapters are held: `nf4` is four bits each (QLoRA), through bitsandbytes."""
    gradient_checkpointing: bool = False
    features: Path | Literal[False] = False
    """Folder where features of a frozen tower and projector are kept for later runs; false: computed each time."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.features and not {"tower", "projector"} <= set(self.frozen):
            raise ValueError("features can be kept only where `tower` and `projector` are both frozen")
        if self.lora_rank and "language" in self.frozen:
            raise ValueError("lora_rank trains the language model; take `language` out of frozen, its own weights stay anyway")
        if self.frozen_weights != "float32" and not self.lora_rank:
            raise ValueError("frozen_weights = `nf4` is for weights beside adapters: set lora_rank")
        if set(self.frozen) == {"tower", "projector", "language", "head"}:
            raise ValueError("frozen leaves nothing to train")
        return self

    def loading(self) -> ModelSettings:
        """What the loader of all training knows; which parts are trained is decided after it."""
        return ModelSettings(
            checkpoint=self.checkpoint,
            position_rule=self.position_rule,
            compute=self.compute,
            device=self.device,
            lora_rank=self.lora_rank,
            lora_alpha=self.lora_alpha,
            frozen_weights=self.frozen_weights,
            gradient_checkpointing=self.gradient_checkpointing,
        )


class BatchSettings(Config):
    """How samples become steps and sequences."""

    samples_per_step: int = Field(default=16, ge=1)
    most_packed_tokens: int = Field(default=32768, ge=1)
    """Longest packed sequence. A sample that is longer by itself is skipped, by name, and counted; nothing is ever cut."""
    window: int = Field(default=8, ge=1)
    """Among so many steps samples are dealt out so that every step has nearly the same number of tokens."""


class SftUpdateSettings(Config):
    """AdamW; the rate rises over `warmup_steps` and falls linearly to 0 at the last step."""

    learning_rate: float = Field(default=5e-7, gt=0)
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    gradient_norm: float = Field(default=1.0, gt=0)


class SftRunSettings(Config):
    """How long, how often."""

    epochs: int = Field(ge=1)
    seed: int = 0
    checkpoint_every: int = Field(default=20, ge=1)
    spread: SpreadKind = "replicate"
    """As in GRPO's recipe."""
    trackers: tuple[TrackerName, ...] = ()


class SftRecipe(Config):
    """One table of the TOML file per field."""

    model: SftModelSettings
    data: DataSettings
    batch: BatchSettings = Field(default_factory=BatchSettings)
    update: SftUpdateSettings = Field(default_factory=SftUpdateSettings)
    run: SftRunSettings

    @model_validator(mode="after")
    def _spread(self) -> Self:
        refuse_shares_of_four_bits(self.run.spread, self.model.frozen_weights)
        return self


def read_sft_recipe(path: Path) -> SftRecipe:
    """InputError names the setting that is wrong. Paths inside are relative to the recipe's folder."""
    recipe = parsed_recipe(path, SftRecipe)
    here = path.parent
    model, checkpoint = recipe.model, here / recipe.model.checkpoint
    changed: dict[str, object] = {"features": model.features and here / model.features}
    if checkpoint.is_dir():
        changed["checkpoint"] = str(checkpoint)
    return recipe.model_copy(
        update={
            "model": model.model_copy(update=changed),
            "data": recipe.data.below(here),
        }
    )
