"""Everything that decides what a trained specialist becomes; its resolved copy lies beside the weights."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from medgrpo.core import Config, read_settings
from medgrpo.training.backbone import BackboneName


class PerceptionRecipe(Config):
    """Defaults are the ones the shipped weights were trained with; docs/log.md tells what else was tried."""

    backbone: BackboneName = "efficientnet-lite0"
    height: int = Field(default=224, multiple_of=32, ge=64)
    width: int = Field(default=288, multiple_of=32, ge=64)
    epochs: int = Field(default=14, ge=1)
    batch_size: int = Field(default=16, ge=2)
    learning_rate: float = Field(default=4e-4, gt=0)
    head_learning_rate: float = Field(default=1.6e-3, gt=0)
    weight_decay: float = Field(default=0.03, ge=0)
    frozen_blocks: int = Field(default=3, ge=0)
    drop_path: float = Field(default=0.15, ge=0, lt=1)
    dropout: float = Field(default=0.4, ge=0, lt=1)
    label_smoothing: float = Field(default=0.04, ge=0, lt=1)
    seed: int = 0


def read_recipe(path: Path | None) -> PerceptionRecipe:
    """The defaults, changed by a TOML file where one is given; SettingsError names every setting that is wrong."""
    return PerceptionRecipe() if path is None else read_settings(path, PerceptionRecipe)
