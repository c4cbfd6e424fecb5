"""A recipe file of either kind, told apart by its tables."""

from __future__ import annotations

from pathlib import Path

from medgrpo.core import read_tables
from medgrpo.policy.planning.shape import Recipe
from medgrpo.policy.recipe import read_grpo_recipe
from medgrpo.policy.sft_recipe import read_sft_recipe


def read_recipe(path: Path) -> Recipe:
    """SettingsError names every setting that is wrong. Only GRPO has rewards and a rollout."""
    return read_grpo_recipe(path) if {"rewards", "rollout"} & read_tables(path).keys() else read_sft_recipe(path)
