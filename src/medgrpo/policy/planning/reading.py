"""A recipe file of either kind, told apart by its tables."""

from __future__ import annotations

import tomllib
from pathlib import Path

from medgrpo.core import InputError
from medgrpo.policy.planning.shape import Recipe
from medgrpo.policy.recipe import read_grpo_recipe
from medgrpo.policy.sft_recipe import read_sft_recipe


def read_recipe(path: Path) -> Recipe:
    """InputError names the setting that is wrong. Only GRPO has rewards and a rollout."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file ({error})") from error
    return read_grpo_recipe(path) if {"rewards", "rollout"} & tables.keys() else read_sft_recipe(path)
