"""Everything that decides what supervised fine-tuning does, from one TOML file; a misspelt key is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from medgrpo.core import Config, read_settings
from medgrpo.policy.recipe import DataSettings, NetworkSettings, checkpoint_below, refuse_shares_of_four_bits
from medgrpo.policy.spreading import SpreadKind
from medgrpo.policy.trackers import TrackerName

Part = Literal["tower", "projector", "language", "head"]


class SftModelSettings(NetworkSettings):
    """The network, and which of its weights are trained."""

    frozen: tuple[Part, ...] = ("tower", "projector")
    """`tower`: vision up to its last layer; `projector`: from there into the language model's width (deep-stack mergers too);
    `language`: embeddings and layers; `head`: the table over the vocabulary (where it is tied to the embeddings, both)."""
    features: Path | Literal[False] = False
    """Folder where features of a frozen tower and projector are kept for later runs; false: computed each time."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.features and not {"tower", "projector"} <= set(self.frozen):
            raise ValueError("features can be kept only where `tower` and `projector` are both frozen")
        if set(self.frozen) == {"tower", "projector", "language", "head"}:
            raise ValueError("frozen leaves nothing to train")
        return self

    @property
    def parts_frozen(self) -> tuple[str, ...]:
        return self.frozen


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
    """SettingsError names every setting that is wrong. Paths inside are relative to the recipe's folder."""
    recipe = read_settings(path, SftRecipe)
    here = path.parent
    model = recipe.model
    changed: dict[str, object] = {
        "features": model.features and here / model.features,
        "checkpoint": checkpoint_below(here, model.checkpoint),
    }
    return recipe.model_copy(
        update={
            "model": model.model_copy(update=changed),
            "data": recipe.data.below(here),
        }
    )
