"""The engines that a recipe may name (`rollout.engine`), and how one is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from medgrpo.models import Encoder
from medgrpo.policy.engines.engine import Engine, EngineName
from medgrpo.policy.engines.network import open_network
from medgrpo.policy.engines.vllm_engine import open_vllm_engine
from medgrpo.policy.policy import Policy
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.team import Team

Opener = Callable[[Policy], Engine]
"""What is left to do when the network is there."""

ENGINES: Mapping[EngineName, Callable[[GrpoRecipe, Encoder, Team], tuple[Encoder, Opener]]] = {
    "network": open_network,
    "vllm": open_vllm_engine,
}
"""Name -> what refuses, before any weight is loaded, whatever the engine cannot do, and gives the encoder (the engine's longest
prompt may be shorter than the model's) and how to open the engine. Another one: a file, a line here, its name in `EngineName`."""


def engine_of(recipe: GrpoRecipe, encoder: Encoder, team: Team) -> tuple[Encoder, Opener]:
    """By the recipe's name."""
    return ENGINES[recipe.rollout.engine](recipe, encoder, team)
